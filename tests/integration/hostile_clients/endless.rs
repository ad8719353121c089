//! Words without end: what they fill is bounded, and so is how many there can be.

use std::net::Ipv4Addr;

use super::client::{CLOSED, Client};
use crate::sandbox::TestServer;

/// What the server may grow by while it is talked at, in kilobytes.
const GROWTH: u64 = 16 << 10;

/// More than all buffers between us and a server that does not read.
const FLOOD: usize = 64 << 20;

/// Sends until the server closes the connection, which it must.
fn flood(client: &mut Client, piece: &[u8]) {
    let mut sent = 0;
    while client.send(piece).is_ok() {
        sent += piece.len();
        assert!(sent < FLOOD, "the server reads on and on");
    }
}

#[test]
fn endless_lines_end_and_fill_nothing() {
    let served = TestServer::new(&[]);
    served.greets();
    let before = served.process().peak_memory();
    for connect in [Client::greeted, Client::secured, Client::member] {
        flood(&mut connect(&served), &[b'A'; 1 << 16]);
        flood(&mut connect(&served), &[0xFF; 1 << 16]);
        let mut client = connect(&served);
        client.send(&[b'A'; 16 << 10]).unwrap();
        assert_eq!((client.reply(), client.reply()), (500, CLOSED));
    }
    let growth = served.process().peak_memory() - before;
    eprintln!("endless lines: the server grew by {growth} kB");
    assert!(growth < GROWTH, "{growth} kB");
    served.greets();
}

#[test]
fn endless_commands_of_strangers_end() {
    let served = TestServer::new(&[]);
    served.greets();
    let before = served.process().peak_memory();
    for connect in [Client::greeted, Client::secured] {
        for command in ["NOOP", "FEAT", "HELP", "USER hestat", "PBSZ 0", "MKD x", ""] {
            let mut client = connect(&served);
            let mut replies = (0..40).map(|_| client.say(command));
            assert!(replies.any(|code| code == 421) && client.reply() == CLOSED, "{command}");
        }
        flood(&mut connect(&served), "FEAT\r\n".repeat(10_000).as_bytes());
    }
    assert!(served.process().peak_memory() - before < GROWTH);
    served.greets();
}

/// Whoever does not read the answers is not answered for ever.
#[test]
fn answers_that_nobody_reads_are_not_collected() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    let before = served.process().peak_memory();
    let mut client = Client::member(&served);
    flood(&mut client, &"FEAT\r\n".repeat(10_000).into_bytes());
    let growth = served.process().peak_memory() - before;
    assert!(growth < GROWTH, "{growth} kB");
    served.greets();
}

/// Handshakes, too, have an end.
#[test]
fn endless_handshakes_end() {
    let served = TestServer::new(&[]);
    served.greets();
    let before = served.process().peak_memory();
    // A record that goes on and on; records of handshake messages that go on and on; warnings; other protocols.
    let handshake = [&b"\x16\x03\x01\x40\x00\x01\xff\xff\xff"[..], &[0; 0x4000 - 4]].concat();
    let warning = b"\x15\x03\x01\x00\x02\x01\x64".repeat(1000);
    for piece in [handshake, warning, b"GET / HTTP/1.1\r\n".repeat(1000)] {
        let mut client = Client::silent(&served, Ipv4Addr::LOCALHOST.into());
        assert_eq!((client.reply(), client.say("AUTH TLS")), (220, 234));
        flood(&mut client, &piece);
    }
    assert!(served.process().peak_memory() - before < GROWTH);
    served.greets();
}
