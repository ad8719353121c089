//! Endless input: the memory it takes is bounded, and so is the number of commands.

use std::net::Ipv4Addr;

use super::client::{CLOSED, Client};
use crate::sandbox::TestServer;

/// The server's memory may grow by this much, in kilobytes.
const GROWTH: u64 = 16 << 10;

/// More bytes than all buffers between the client and a server that does not read.
const FLOOD: usize = 64 << 20;

/// Sends until the server closes the connection. Panics if it does not.
fn flood(client: &mut Client, block: &[u8]) {
    let mut sent = 0;
    while client.send(block).is_ok() {
        sent += block.len();
        assert!(sent < FLOOD, "the server keeps reading");
    }
}

#[test]
fn endless_lines_are_cut_off_and_take_no_memory() {
    let served = TestServer::new(&[]);
    served.assert_reachable();
    let before = served.process().peak_memory();
    for connect in [Client::greeted, Client::secured, Client::logged_in] {
        flood(&mut connect(&served), &[b'A'; 1 << 16]);
        flood(&mut connect(&served), &[0xFF; 1 << 16]);
        let mut client = connect(&served);
        client.send(&[b'A'; 16 << 10]).unwrap();
        assert_eq!((client.reply(), client.reply()), (500, CLOSED));
    }
    let growth = served.process().peak_memory() - before;
    eprintln!("endless lines: the server grew by {growth} kB");
    assert!(growth < GROWTH, "{growth} kB");
    served.assert_reachable();
}

#[test]
fn endless_commands_before_login_are_cut_off() {
    let served = TestServer::new(&[]);
    served.assert_reachable();
    let before = served.process().peak_memory();
    for connect in [Client::greeted, Client::secured] {
        for command in ["NOOP", "FEAT", "HELP", "USER hestat", "PBSZ 0", "MKD x", ""] {
            let mut client = connect(&served);
            let mut replies = (0..40).map(|_| client.command(command));
            assert!(replies.any(|code| code == 421) && client.reply() == CLOSED, "{command}");
        }
        flood(&mut connect(&served), "FEAT\r\n".repeat(10_000).as_bytes());
    }
    assert!(served.process().peak_memory() - before < GROWTH);
    served.assert_reachable();
}

/// A client that does not read the replies does not get them forever.
#[test]
fn unread_replies_are_not_buffered() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    let before = served.process().peak_memory();
    let mut client = Client::logged_in(&served);
    flood(&mut client, &"FEAT\r\n".repeat(10_000).into_bytes());
    let growth = served.process().peak_memory() - before;
    assert!(growth < GROWTH, "{growth} kB");
    served.assert_reachable();
}

/// Handshakes are bounded, too.
#[test]
fn endless_handshakes_are_cut_off() {
    let served = TestServer::new(&[]);
    served.assert_reachable();
    let before = served.process().peak_memory();
    // An endless record, endless handshake messages, endless warnings, another protocol.
    let handshake = [&b"\x16\x03\x01\x40\x00\x01\xff\xff\xff"[..], &[0; 0x4000 - 4]].concat();
    let warning = b"\x15\x03\x01\x00\x02\x01\x64".repeat(1000);
    for block in [handshake, warning, b"GET / HTTP/1.1\r\n".repeat(1000)] {
        let mut client = Client::connected(&served, Ipv4Addr::LOCALHOST.into());
        assert_eq!((client.reply(), client.command("AUTH TLS")), (220, 234));
        flood(&mut client, &block);
    }
    assert!(served.process().peak_memory() - before < GROWTH);
    served.assert_reachable();
}
