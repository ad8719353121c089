//! Clients that take their time: each has a deadline, and holds up nobody.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{CLOSED, Client};
use crate::sandbox::{TestServer, wait_until};

/// Every deadline as short as it can be.
const HASTE: [&str; 6] = ["--login-timeout", "1", "--idle-timeout", "1", "--transfer-timeout", "1"];

/// Within which a deadline of one second ends a connection on a busy machine.
const SOON: Duration = Duration::from_secs(4);

/// Sends the same bytes again and again until the connection is closed.
fn drip(client: &mut Client, bytes: &[u8], pause: Duration) {
    let start = Instant::now();
    while start.elapsed() < SOON && client.send(bytes).is_ok() {
        thread::sleep(pause);
    }
}

/// A stranger's way to say little, on a connection of its own.
type Dawdling = fn(&TestServer) -> Client;

const DAWDLERS: [(&str, Dawdling); 8] = [
    ("silent", |served| Client::silent(served, Ipv4Addr::LOCALHOST.into())),
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
        assert_eq!(client.say("AUTH TLS"), 234);
        client
    }),
    ("half a handshake", |served| {
        let mut client = Client::greeted(served);
        assert_eq!(client.say("AUTH TLS"), 234);
        // The head of a record of 512 bytes with a ClientHello, of which no more comes.
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
fn strangers_have_until_the_deadline_for_logins() {
    let served = TestServer::new(&HASTE);
    thread::scope(|scope| {
        for (name, dawdle) in DAWDLERS {
            let served = &served;
            scope.spawn(move || {
                let start = Instant::now();
                dawdle(served).wait_for_end();
                assert!(start.elapsed() < SOON, "{name}: {:?}", start.elapsed());
            });
        }
        served.greets();
    });
    served.greets();
}

/// Strangers too are told why, in plain and under TLS; one who says a byte now and then loses nothing of it.
#[test]
fn strangers_are_told_that_their_time_is_over() {
    let served = TestServer::new(&HASTE);
    let mut silent = Client::silent(&served, Ipv4Addr::LOCALHOST.into());
    let mut secured = Client::secured(&served);
    let mut dripping = Client::greeted(&served);
    drip(&mut dripping, b"N", Duration::from_millis(100));
    assert_eq!((silent.reply(), silent.reply(), silent.reply()), (220, 421, CLOSED));
    assert_eq!((secured.reply(), secured.reply()), (421, CLOSED));
    assert_eq!(dripping.reply(), 421);
}

/// Nothing is waited for where nobody reads: neither replies nor the last of them.
#[test]
fn members_who_read_nothing_are_seen_off() {
    let served = TestServer::new(&HASTE);
    let mut client = Client::member(&served);
    client.wire().socket().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    while client.send("HELP\r\n".repeat(1000).as_bytes()).is_ok() {}
    wait_until("the end of a session", || served.log().contains("disconnected"));
    served.greets();
}

/// Who takes over an upload that stands still, by a new connection, ends the old one with a word.
#[test]
fn whoever_is_relieved_is_told_so() {
    let served = TestServer::new(&[]);
    let (mut first, mut second) = (Client::member(&served), Client::member(&served));
    let mut data = first.open("STOR stuck").unwrap();
    data.write_all(b"first").unwrap();
    wait_until("the second upload", || second.store("STOR stuck", b"second") == 226);
    assert_eq!((first.reply(), first.reply(), first.reply()), (426, 421, CLOSED));
    assert_eq!(std::fs::read(served.at("stuck")).unwrap(), b"second");
}

#[test]
fn members_who_say_nothing_are_seen_off() {
    let served = TestServer::new(&HASTE);
    let start = Instant::now();
    let mut client = Client::member(&served);
    assert_eq!((client.reply(), client.reply()), (421, CLOSED));
    assert!(start.elapsed() > Duration::from_millis(900) && start.elapsed() < SOON, "{:?}", start.elapsed());
    served.greets();
}

#[test]
fn transfers_that_stand_still_are_ended() {
    let served = TestServer::new(&HASTE);
    std::fs::write(served.at("big"), vec![7; 64 << 20]).unwrap();
    thread::scope(|scope| {
        for command in ["STOR stalled", "RETR big", "STOR begun"] {
            let served = &served;
            scope.spawn(move || {
                let start = Instant::now();
                let mut client = Client::member(served);
                let mut data = client.open(command).unwrap();
                if command == "STOR begun" {
                    data.write_all(&[7; 100_000]).unwrap();
                }
                assert_eq!((client.reply(), client.reply(), client.reply()), (426, 421, CLOSED), "{command}");
                assert!(start.elapsed() < SOON, "{command}: {:?}", start.elapsed());
            });
        }
        served.greets();
    });
    // What came before the standstill can be gone on from.
    assert_eq!(served.at("begun").metadata().unwrap().len(), 100_000);
    served.greets();
}

#[test]
fn data_connections_that_are_none_leave_the_control_connection() {
    let served = TestServer::new(&["--transfer-timeout", "2"]);
    let mut client = Client::member(&served);
    let mut data = client.dial_data();
    assert_eq!(client.say("STOR garbage"), 150);
    data.write_all(b"This is no handshake, whoever reads it.\r\n\r\n").unwrap();
    assert_eq!(client.reply(), 426);
    drop(data.read(&mut [0; 64]));
    drop(data);
    assert_eq!(client.say("NOOP"), 200);
    drop(client.dial_data());
    assert_eq!(client.say("STOR vanished"), 150);
    assert_eq!(client.reply(), 426);
    let port = client.passive();
    assert_eq!((client.say("STOR nothing"), client.say("NOOP")), (425, 200), "nobody came to {port}");
    assert_eq!((client.say("STOR unasked"), client.say("NOOP")), (425, 200));
    assert_eq!(client.store("STOR good", b"good"), 226);
    assert_ne!(client.say("QUIT"), CLOSED);
    served.greets();
}
