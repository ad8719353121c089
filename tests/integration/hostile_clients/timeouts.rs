//! Slow clients: each has a deadline, and none delays the others.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{CLOSED, Client};
use crate::sandbox::{TestServer, wait_until};

/// The shortest timeouts possible.
const SHORT_TIMEOUTS: [&str; 6] = ["--login-timeout", "1", "--idle-timeout", "1", "--transfer-timeout", "1"];

/// A timeout of one second must end a connection within this time, even on a busy machine.
const SOON: Duration = Duration::from_secs(4);

/// Sends the same bytes repeatedly until the connection is closed.
fn drip(client: &mut Client, bytes: &[u8], pause: Duration) {
    let start = Instant::now();
    while start.elapsed() < SOON && client.send(bytes).is_ok() {
        thread::sleep(pause);
    }
}

/// Connects and sends little, without a login.
type SlowClient = fn(&TestServer) -> Client;

const SLOW_CLIENTS: [(&str, SlowClient); 8] = [
    ("silent", |served| Client::connected(served, Ipv4Addr::LOCALHOST.into())),
    ("a byte now and then", |served| {
        let mut client = Client::greeted(served);
        drip(&mut client, b"N", Duration::from_millis(100));
        client
    }),
    ("a line now and then", |served| {
        let mut client = Client::greeted(served);
        drip(&mut client, b"NOOP\r\n", Duration::from_millis(300));
        client
    }),
    ("long lines now and then", |served| {
        let mut client = Client::greeted(served);
        let line = [&[b'N'; 8190][..], b"\r\n"].concat();
        drip(&mut client, &line, Duration::from_millis(500));
        client
    }),
    ("no handshake", |served| {
        let mut client = Client::greeted(served);
        assert_eq!(client.command("AUTH TLS"), 234);
        client
    }),
    ("half a handshake", |served| {
        let mut client = Client::greeted(served);
        assert_eq!(client.command("AUTH TLS"), 234);
        // The header of a record of 512 bytes with the beginning of a ClientHello.
        client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
        client
    }),
    ("silent under TLS", Client::secured),
    ("a byte now and then under TLS", |served| {
        let mut client = Client::secured(served);
        drip(&mut client, b"N", Duration::from_millis(100));
        client
    }),
];

#[test]
fn slow_clients_are_closed_at_the_login_timeout() {
    let served = TestServer::new(&SHORT_TIMEOUTS);
    thread::scope(|scope| {
        for (name, connect) in SLOW_CLIENTS {
            let served = &served;
            scope.spawn(move || {
                let start = Instant::now();
                connect(served).wait_for_end();
                assert!(start.elapsed() < SOON, "{name}: {:?}", start.elapsed());
            });
        }
        served.assert_reachable();
    });
    served.assert_reachable();
}

/// Clients get a reply when their time is over, with and without TLS. One that sends single bytes receives it, too.
#[test]
fn a_login_timeout_is_announced() {
    let served = TestServer::new(&SHORT_TIMEOUTS);
    let mut silent = Client::connected(&served, Ipv4Addr::LOCALHOST.into());
    let mut secured = Client::secured(&served);
    let mut dripping = Client::greeted(&served);
    drip(&mut dripping, b"N", Duration::from_millis(100));
    assert_eq!((silent.reply(), silent.reply(), silent.reply()), (220, 421, CLOSED));
    assert_eq!((secured.reply(), secured.reply()), (421, CLOSED));
    assert_eq!(dripping.reply(), 421);
}

/// The server does not wait for clients that do not read, not even to send the last reply.
#[test]
fn logged_in_clients_that_do_not_read_are_disconnected() {
    let served = TestServer::new(&SHORT_TIMEOUTS);
    let mut client = Client::logged_in(&served);
    client.stream().socket().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    while client.send("HELP\r\n".repeat(1000).as_bytes()).is_ok() {}
    wait_until("the end of a session", || served.log().contains("disconnected"));
    served.assert_reachable();
}

/// A new connection that takes over a stalled upload ends the old one, which gets a reply.
#[test]
fn an_evicted_writer_gets_a_reply() {
    let served = TestServer::new(&[]);
    let (mut first, mut second) = (Client::logged_in(&served), Client::logged_in(&served));
    let mut data = first.open("STOR stuck").unwrap();
    data.write_all(b"first").unwrap();
    wait_until("the second upload", || second.store("STOR stuck", b"second") == 226);
    assert_eq!((first.reply(), first.reply(), first.reply()), (426, 421, CLOSED));
    assert_eq!(std::fs::read(served.at("stuck")).unwrap(), b"second");
}

#[test]
fn idle_logged_in_clients_are_disconnected() {
    let served = TestServer::new(&SHORT_TIMEOUTS);
    let start = Instant::now();
    let mut client = Client::logged_in(&served);
    assert_eq!((client.reply(), client.reply()), (421, CLOSED));
    assert!(start.elapsed() > Duration::from_millis(900) && start.elapsed() < SOON, "{:?}", start.elapsed());
    served.assert_reachable();
}

#[test]
fn stalled_transfers_are_ended() {
    let served = TestServer::new(&SHORT_TIMEOUTS);
    std::fs::write(served.at("big"), vec![7; 64 << 20]).unwrap();
    thread::scope(|scope| {
        for command in ["STOR stalled", "RETR big", "STOR begun"] {
            let served = &served;
            scope.spawn(move || {
                let start = Instant::now();
                let mut client = Client::logged_in(served);
                let mut data = client.open(command).unwrap();
                if command == "STOR begun" {
                    data.write_all(&[7; 100_000]).unwrap();
                }
                assert_eq!((client.reply(), client.reply(), client.reply()), (426, 421, CLOSED), "{command}");
                assert!(start.elapsed() < SOON, "{command}: {:?}", start.elapsed());
            });
        }
        served.assert_reachable();
    });
    // What was received before the stall can be resumed.
    assert_eq!(served.at("begun").metadata().unwrap().len(), 100_000);
    served.assert_reachable();
}

#[test]
fn failed_data_connections_keep_the_control_connection() {
    let served = TestServer::new(&["--transfer-timeout", "2"]);
    let mut client = Client::logged_in(&served);
    let mut data = client.connect_data();
    assert_eq!(client.command("STOR garbage"), 150);
    data.write_all(b"This is not a TLS handshake, whatever reads it.\r\n\r\n").unwrap();
    assert_eq!(client.reply(), 426);
    let _ = data.read(&mut [0; 64]);
    drop(data);
    assert_eq!(client.command("NOOP"), 200);
    drop(client.connect_data());
    assert_eq!(client.command("STOR vanished"), 150);
    assert_eq!(client.reply(), 426);
    let port = client.passive();
    assert_eq!((client.command("STOR nothing"), client.command("NOOP")), (425, 200), "nothing connected to {port}");
    assert_eq!((client.command("STOR unasked"), client.command("NOOP")), (425, 200));
    assert_eq!(client.store("STOR good", b"good"), 226);
    assert_ne!(client.command("QUIT"), CLOSED);
    served.assert_reachable();
}
