//! Commands during a transfer (RFC 959): the server reads them, loses none and keeps their order.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::net::{SendFlags, send};

use super::client::{CLOSED, Client};
use super::stream::Stream;
use crate::sandbox::{TestServer, wait_until};

/// More bytes than all buffers between server and client hold.
const BIG: usize = 64 << 20;

/// ABOR after Telnet's Interrupt Process and Synch signals, as RFC 959, section 4.1.3, requires it.
const SYNCH: &[u8] = b"\xff\xf4\xff\xf2ABOR\r\n";

/// Short compared with the timeouts, yet enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Starts a server with a file that is larger than all buffers.
fn start_server(options: &[&str]) -> TestServer {
    let served = TestServer::new(options);
    std::fs::write(served.at("big"), vec![7; BIG]).unwrap();
    std::fs::write(served.at("ten"), "0123456789").unwrap();
    served
}

/// Asserts that `abort` ends the transfer at once and that the session continues.
#[track_caller]
fn assert_aborts(client: &mut Client, abort: &[u8]) {
    let start = Instant::now();
    client.send(abort).unwrap();
    assert_eq!((client.reply(), client.reply()), (426, 226), "{abort:?}");
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert_eq!((client.command("NOOP"), client.fetch("RETR ten")), (200, Ok(b"0123456789".to_vec())));
}

#[test]
fn abor_ends_a_download_at_once() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    for abort in [b"ABOR\r\n", SYNCH, b"abor\n", b"ABOR \r\n", b"\xff\xf4\xffABOR\r\n", b"\xf2ABOR\r\n"] {
        let mut data = client.open("RETR big").unwrap();
        data.read_exact(&mut [0; 1000]).unwrap();
        assert_aborts(&mut client, abort);
        // The truncated file must not look complete.
        assert!(data.read_to_end(&mut Vec::new()).is_err());
    }
    served.assert_reachable();
}

#[test]
fn abor_ends_an_upload_at_once_and_keeps_what_was_received() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    for abort in [b"ABOR\r\n", SYNCH] {
        let mut data = client.open("STOR begun").unwrap();
        data.write_all(&[7; 100_000]).unwrap();
        wait_until("what was sent", || served.at("begun").metadata().unwrap().len() == 100_000);
        assert_aborts(&mut client, abort);
        drop(data);
        assert_eq!(served.at("begun").metadata().unwrap().len(), 100_000);
        // The aborted transfer no longer writes the file.
        assert_eq!((client.command("REST 100000"), client.store("STOR begun", b"rest")), (350, 226));
        assert_eq!(served.at("begun").metadata().unwrap().len(), 100_004);
        assert_eq!(client.command("DELE begun"), 250);
    }
}

/// Before the data connection opens, and before its TLS begins.
#[test]
fn abor_ends_a_transfer_that_has_not_begun() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    for command in ["RETR big", "STOR new", "LIST", "NLST", "MLSD", "APPE other"] {
        client.passive();
        client.send(format!("{command}\r\n").as_bytes()).unwrap();
        assert_aborts(&mut client, b"ABOR\r\n");
        let data = client.connect_data();
        assert_eq!(client.command(command), 150, "{command}");
        assert_aborts(&mut client, SYNCH);
        drop(data);
    }
}

/// As BSD's ftp and Python's ftplib send it: the urgent byte is the last one, or that of Telnet's Synch.
#[test]
fn abor_as_urgent_data_is_recognized() {
    let served = start_server(&["--insecure-plain-ftp"]);
    for (before, urgent, after) in [(&b""[..], &b"ABOR\r\n"[..], &b""[..]), (b"\xff\xf4\xff", b"\xf2", b"ABOR\r\n")] {
        let mut client = Client::greeted(&served);
        assert_eq!((client.login("hestat", &served.password()), client.command("TYPE I")), (230, 200));
        let mut data = client.connect_data();
        assert_eq!(client.command("RETR big"), 150);
        data.read_exact(&mut [0; 1000]).unwrap();
        client.send(before).unwrap();
        assert_eq!(send(client.stream().socket(), urgent, SendFlags::OOB).unwrap(), urgent.len());
        client.send(after).unwrap();
        assert_eq!((client.reply(), client.reply(), client.command("NOOP")), (426, 226, 200));
    }
}

#[test]
fn a_plain_upload_that_is_aborted_is_not_taken_for_complete() {
    let served = start_server(&["--insecure-plain-ftp"]);
    let mut client = Client::greeted(&served);
    assert_eq!((client.login("hestat", &served.password()), client.command("TYPE I")), (230, 200));
    let mut data = client.connect_data();
    assert_eq!(client.command("STOR half"), 150);
    data.write_all(b"half").unwrap();
    assert_eq!((client.command("ABOR"), client.reply()), (426, 226));
}

#[test]
fn noop_and_stat_are_answered_during_a_transfer() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let status = |client: &mut Client| {
        client.send(b"STAT\r\n").unwrap();
        client.reply_text()
    };
    client.passive();
    client.send(b"RETR big\r\nNOOP\r\n").unwrap();
    assert_eq!(client.reply(), 200);
    let waiting = status(&mut client);
    assert!(waiting.starts_with("211 ") && waiting.contains("RETR /big: waiting"), "{waiting}");
    assert_aborts(&mut client, b"ABOR\r\n");
    let mut data = client.open("STOR new").unwrap();
    data.write_all(&[7; 100_000]).unwrap();
    wait_until("what was sent", || served.at("new").metadata().unwrap().len() == 100_000);
    assert_eq!((client.command("NOOP"), client.command("noop")), (200, 200));
    let moved = status(&mut client);
    assert!(moved.starts_with("211 ") && moved.contains("STOR /new: 100000 bytes"), "{moved}");
    data.finish().unwrap();
    assert_eq!((client.reply(), client.command("STAT")), (226, 211));
}

/// Pipelined commands, also in fragments, are executed after the transfer, in order, and none is lost.
#[test]
fn pipelined_commands_run_after_the_transfer() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let data = client.connect_data();
    client.send(b"RETR big\r\nSIZE ten\r\nNOOP\r\nSTAT\r\nMKD a\r\nRM").unwrap();
    assert_eq!(client.reply(), 150);
    let mut data = data.secure().unwrap();
    client.send(b"D a\r\nPWD\r\nQUIT\r\n").unwrap();
    let mut content = Vec::new();
    data.read_to_end(&mut content).unwrap();
    assert_eq!(content.len(), BIG);
    let replies: Vec<u16> = (0..9).map(|_| client.reply()).collect();
    assert_eq!(replies, [226, 213, 200, 211, 257, 250, 257, 221, CLOSED]);
}

/// More than the server buffers during a transfer: the rest waits in the connection.
#[test]
fn many_pipelined_commands_are_not_lost() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let data = client.connect_data();
    assert_eq!(client.command("STOR new"), 150);
    let mut data = data.secure().unwrap();
    let count = 5000;
    client.send("SIZE ten\r\n".repeat(count).as_bytes()).unwrap();
    data.write_all(b"new").unwrap();
    data.finish().unwrap();
    assert_eq!(client.reply(), 226);
    assert!((0..count).all(|_| client.reply() == 213));
    assert_eq!(client.command("SIZE new"), 213);
}

#[test]
fn abor_after_other_commands_ends_the_transfer_and_is_answered_in_order() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let _data = client.open("RETR big").unwrap();
    client.send(b"SIZE ten\r\nABOR\r\nNOOP\r\n").unwrap();
    let replies: Vec<u16> = (0..4).map(|_| client.reply()).collect();
    assert_eq!(replies, [426, 213, 226, 200]);
}

/// A line that is too long is answered after the transfer.
#[test]
fn an_endless_line_during_a_transfer_ends_the_session_but_keeps_the_file() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let mut data = client.open("STOR new").unwrap();
    client.send(&[b'x'; 40_000]).unwrap();
    data.write_all(b"whole").unwrap();
    data.finish().unwrap();
    assert_eq!((client.reply(), client.reply()), (226, 500));
    assert_eq!(std::fs::read(served.at("new")).unwrap(), b"whole");
}

/// Commands do not count as data: a stalled transfer is ended in spite of them.
#[test]
fn commands_do_not_keep_a_stalled_transfer_alive() {
    let served = start_server(&["--transfer-timeout", "1"]);
    let mut client = Client::logged_in(&served);
    let _data = client.open("STOR stalled").unwrap();
    let start = Instant::now();
    let code = loop {
        match client.command("NOOP") {
            200 => std::thread::sleep(Duration::from_millis(1)),
            code => break code,
        }
        assert!(start.elapsed() < AT_ONCE);
    };
    assert_eq!((code, client.reply(), client.reply()), (426, 421, CLOSED));
}

/// If a client loses its control connection during an upload, the server keeps what it has received.
#[test]
fn an_upload_outlives_its_control_connection() {
    let served = start_server(&[]);
    let mut client = Client::logged_in(&served);
    let mut data = client.open("STOR whole").unwrap();
    data.write_all(b"first").unwrap();
    drop(client.into_stream());
    data.write_all(b"second").unwrap();
    let _ = Stream::finish(data);
    wait_until("the whole file", || std::fs::read(served.at("whole")).is_ok_and(|file| file == b"firstsecond"));
}
