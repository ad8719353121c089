//! What clients say while a transfer goes on (RFC 959): it is heard, and nothing is lost or done out of order.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::net::{SendFlags, send};

use super::client::{CLOSED, Client};
use super::wire::Wire;
use crate::sandbox::{TestServer, wait_until};

/// More than all buffers between server and client take.
const BIG: usize = 64 << 20;

/// With a file that no client has read before the test is over.
fn served(options: &[&str]) -> TestServer {
    let served = TestServer::new(options);
    std::fs::write(served.at("big"), vec![7; BIG]).unwrap();
    std::fs::write(served.at("ten"), "0123456789").unwrap();
    served
}

const SYNCH: &[u8] = b"\xff\xf4\xff\xf2ABOR\r\n";

/// At once, compared with the timeouts, on a machine that is busy.
const AT_ONCE: Duration = Duration::from_secs(5);

#[track_caller]
fn assert_aborts(client: &mut Client, abort: &[u8]) {
    let begun = Instant::now();
    client.send(abort).unwrap();
    assert_eq!((client.reply(), client.reply()), (426, 226), "{abort:?}");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!((client.say("NOOP"), client.fetch("RETR ten")), (200, Ok(b"0123456789".to_vec())));
}

#[test]
fn abor_ends_a_download_at_once() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    for abort in [b"ABOR\r\n", SYNCH, b"abor\n", b"ABOR \r\n", b"\xff\xf4\xffABOR\r\n", b"\xf2ABOR\r\n"] {
        let mut data = client.open("RETR big").unwrap();
        data.read_exact(&mut [0; 1000]).unwrap();
        assert_aborts(&mut client, abort);
        // No end of the file is feigned.
        assert!(data.read_to_end(&mut Vec::new()).is_err());
    }
    served.greets();
}

#[test]
fn abor_ends_an_upload_at_once_and_what_came_is_kept() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    for abort in [b"ABOR\r\n", SYNCH] {
        let mut data = client.open("STOR begun").unwrap();
        data.write_all(&[7; 100_000]).unwrap();
        wait_until("what was sent", || served.at("begun").metadata().unwrap().len() == 100_000);
        assert_aborts(&mut client, abort);
        drop(data);
        assert_eq!(served.at("begun").metadata().unwrap().len(), 100_000);
        // Nobody writes it any more.
        assert_eq!((client.say("REST 100000"), client.store("STOR begun", b"rest")), (350, 226));
        assert_eq!(served.at("begun").metadata().unwrap().len(), 100_004);
        assert_eq!(client.say("DELE begun"), 250);
    }
}

/// Before there is a data connection, and before it is under TLS.
#[test]
fn abor_ends_a_transfer_that_has_not_begun() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    for command in ["RETR big", "STOR new", "LIST", "NLST", "MLSD", "APPE other"] {
        client.passive();
        client.send(format!("{command}\r\n").as_bytes()).unwrap();
        assert_aborts(&mut client, b"ABOR\r\n");
        let data = client.dial_data();
        assert_eq!(client.say(command), 150, "{command}");
        assert_aborts(&mut client, SYNCH);
        drop(data);
    }
}

/// As BSD's ftp and Python's ftplib send it: its last byte is urgent, or that of Telnet's Synch.
#[test]
fn abor_as_urgent_data_is_heard() {
    let served = served(&["--insecure-plain-ftp"]);
    for (before, urgent, after) in [(&b""[..], &b"ABOR\r\n"[..], &b""[..]), (b"\xff\xf4\xff", b"\xf2", b"ABOR\r\n")] {
        let mut client = Client::greeted(&served);
        assert_eq!((client.login("hestat", &served.password()), client.say("TYPE I")), (230, 200));
        let mut data = client.dial_data();
        assert_eq!(client.say("RETR big"), 150);
        data.read_exact(&mut [0; 1000]).unwrap();
        client.send(before).unwrap();
        assert_eq!(send(client.wire().socket(), urgent, SendFlags::OOB).unwrap(), urgent.len());
        client.send(after).unwrap();
        assert_eq!((client.reply(), client.reply(), client.say("NOOP")), (426, 226, 200));
    }
}

#[test]
fn a_plain_upload_that_is_aborted_is_not_taken_for_complete() {
    let served = served(&["--insecure-plain-ftp"]);
    let mut client = Client::greeted(&served);
    assert_eq!((client.login("hestat", &served.password()), client.say("TYPE I")), (230, 200));
    let mut data = client.dial_data();
    assert_eq!(client.say("STOR half"), 150);
    data.write_all(b"half").unwrap();
    assert_eq!((client.say("ABOR"), client.reply()), (426, 226));
}

#[test]
fn noop_and_stat_are_answered_during_a_transfer() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let told = |client: &mut Client| {
        client.send(b"STAT\r\n").unwrap();
        client.reply_text()
    };
    client.passive();
    client.send(b"RETR big\r\nNOOP\r\n").unwrap();
    assert_eq!(client.reply(), 200);
    let waiting = told(&mut client);
    assert!(waiting.starts_with("211 ") && waiting.contains("RETR /big: waiting"), "{waiting}");
    assert_aborts(&mut client, b"ABOR\r\n");
    let mut data = client.open("STOR new").unwrap();
    data.write_all(&[7; 100_000]).unwrap();
    wait_until("what was sent", || served.at("new").metadata().unwrap().len() == 100_000);
    assert_eq!((client.say("NOOP"), client.say("noop")), (200, 200));
    let moved = told(&mut client);
    assert!(moved.starts_with("211 ") && moved.contains("STOR /new: 100000 bytes"), "{moved}");
    data.finish().unwrap();
    assert_eq!((client.reply(), client.say("STAT")), (226, 211));
}

/// Commands that are sent ahead, also in pieces, are done after the transfer, in their order, and none is lost.
#[test]
fn what_is_said_ahead_waits_for_its_turn() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let data = client.dial_data();
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

/// More than is kept during a transfer: the rest waits in the connection.
#[test]
fn much_that_is_said_ahead_is_not_lost_either() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let data = client.dial_data();
    assert_eq!(client.say("STOR new"), 150);
    let mut data = data.secure().unwrap();
    let count = 5000;
    client.send("SIZE ten\r\n".repeat(count).as_bytes()).unwrap();
    data.write_all(b"new").unwrap();
    data.finish().unwrap();
    assert_eq!(client.reply(), 226);
    assert!((0..count).all(|_| client.reply() == 213));
    assert_eq!(client.say("SIZE new"), 213);
}

#[test]
fn abor_behind_other_commands_ends_the_transfer_and_is_answered_in_its_turn() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let _data = client.open("RETR big").unwrap();
    client.send(b"SIZE ten\r\nABOR\r\nNOOP\r\n").unwrap();
    let replies: Vec<u16> = (0..4).map(|_| client.reply()).collect();
    assert_eq!(replies, [426, 213, 226, 200]);
}

/// A line that is too long is answered when the transfer is over.
#[test]
fn a_line_without_end_during_a_transfer_costs_the_session_and_not_the_file() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let mut data = client.open("STOR new").unwrap();
    client.send(&[b'x'; 40_000]).unwrap();
    data.write_all(b"whole").unwrap();
    data.finish().unwrap();
    assert_eq!((client.reply(), client.reply()), (226, 500));
    assert_eq!(std::fs::read(served.at("new")).unwrap(), b"whole");
}

/// Talk is no data: a transfer that stands still is ended, whatever is said meanwhile.
#[test]
fn talk_does_not_keep_a_transfer_alive() {
    let served = served(&["--transfer-timeout", "1"]);
    let mut client = Client::member(&served);
    let _data = client.open("STOR stalled").unwrap();
    let begun = Instant::now();
    let ended = loop {
        match client.say("NOOP") {
            200 => std::thread::sleep(Duration::from_millis(1)),
            code => break code,
        }
        assert!(begun.elapsed() < AT_ONCE);
    };
    assert_eq!((ended, client.reply(), client.reply()), (426, 421, CLOSED));
}

/// Whoever goes away in the middle of an upload finds all that the server has received of it.
#[test]
fn an_upload_outlives_its_control_connection() {
    let served = served(&[]);
    let mut client = Client::member(&served);
    let mut data = client.open("STOR whole").unwrap();
    data.write_all(b"first").unwrap();
    drop(client.into_wire());
    data.write_all(b"second").unwrap();
    drop(Wire::finish(data));
    wait_until("the whole file", || std::fs::read(served.at("whole")).is_ok_and(|file| file == b"firstsecond"));
}
