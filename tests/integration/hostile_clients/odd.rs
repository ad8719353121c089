//! Commands in odd places, with odd arguments, or none.

use std::io::Write;

use super::client::{CLOSED, Client};
use crate::ports::free_port;
use crate::sandbox::TestServer;

fn served() -> TestServer {
    let served = TestServer::new(&["--transfer-timeout", "2"]);
    std::fs::write(served.at("ten"), "0123456789").unwrap();
    served
}

#[test]
fn offsets_that_make_no_sense_change_nothing() {
    let served = served();
    let mut client = Client::member(&served);
    for no_number in ["", "-1", "1e3", "0x10", "99999999999999999999", "one"] {
        assert_eq!(client.say(&format!("REST {no_number}")), 501);
    }
    for beyond in ["11", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
        assert_eq!((client.say(&format!("REST {beyond}")), client.store("STOR ten", b"x")), (350, 554));
        // Beyond the end of a file there is nothing to fetch.
        assert_eq!(client.say(&format!("REST {beyond}")), 350);
        assert!([Ok(Vec::new()), Err(554)].contains(&client.fetch("RETR ten")), "{beyond}");
    }
    assert_eq!(client.fetch("RETR ten").unwrap(), b"0123456789");
}

/// RFC 2428, section 3.
#[test]
fn extended_passive_mode_is_for_the_protocol_that_is_spoken() {
    let served = served();
    let mut client = Client::member(&served);
    for (command, code) in [("EPSV 1", 229), ("EPSV 2", 522), ("EPSV all", 200), ("EPSV x", 522), ("EPSV", 229)] {
        assert_eq!(client.say(command), code, "{command}");
    }
}

#[test]
fn an_offset_is_for_the_next_transfer_only() {
    let served = served();
    let mut client = Client::member(&served);
    assert_eq!((client.say("REST 4"), client.fetch("RETR ten")), (350, Ok(b"456789".to_vec())));
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    for failing in ["RETR absent", "STOR no/folder", "LIST ten", "STOR outbox/x"] {
        assert_eq!(client.say("REST 4"), 350);
        assert!(client.open(failing).is_err(), "{failing}");
        assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()), "after {failing}");
    }
    assert_eq!((client.say("REST 4"), client.say("RETR ten")), (350, 425));
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    assert_eq!((client.say("REST 10"), client.store("STOR ten", b"abc")), (350, 226));
    assert_eq!((client.say("REST 2"), client.store("STOR ten", b"x")), (350, 226));
    assert_eq!(client.store("APPE ten", b"yz"), 226);
    assert_eq!(std::fs::read(served.at("ten")).unwrap(), b"01xyz");
}

#[test]
fn only_one_connection_writes_a_file() {
    let served = served();
    let (mut first, mut second) = (Client::member(&served), Client::member(&served));
    let mut data = first.open("STOR new.part").unwrap();
    for command in ["STOR new.part", "APPE new.part"] {
        // Who stands still for a while may be taken to be gone.
        data.write_all(b"first").unwrap();
        assert_eq!(second.store(command, b"second"), 450);
    }
    data.finish().unwrap();
    assert_eq!((first.reply(), second.fetch("RETR new.part")), (226, Ok(b"firstfirst".to_vec())));
}

/// Whoever takes all ports for data takes nobody's control connection.
#[test]
fn ports_that_are_all_taken_are_told_of() {
    let port = free_port();
    let served = TestServer::new(&["--passive-ports", &format!("{port}-{port}")]);
    let (mut first, mut second) = (Client::member(&served), Client::member(&served));
    for _ in 0..3 {
        assert_eq!(first.passive().port(), port);
        assert_eq!((second.say("EPSV"), second.say("PASV"), second.say("NOOP")), (425, 425, 200));
    }
    assert_eq!(first.store("STOR x", b"x"), 226);
    assert_eq!(second.fetch("RETR x"), Ok(b"x".to_vec()));
}

/// With Telnet's signals before it, as RFC 959 has it, and without.
#[test]
fn abor_ends_what_there_is() {
    let served = served();
    let mut client = Client::member(&served);
    assert_eq!(client.say("ABOR"), 226);
    client.send(b"\xff\xf4\xff\xf2ABOR\r\n").unwrap();
    assert_eq!(client.reply(), 226);
    let mut data = client.open("STOR begun").unwrap();
    data.write_all(&[7; 1000]).unwrap();
    client.send(b"\xff\xf4\xff\xf2ABOR\r\n").unwrap();
    drop(data);
    assert_eq!((client.reply(), client.reply(), client.say("NOOP")), (426, 226, 200));
    assert_eq!(client.store("STOR begun", b"again"), 226);
}

const COMMANDS: [&str; 46] = [
    "ABOR", "ACCT", "ALLO", "APPE", "AUTH", "CCC", "CDUP", "CWD", "DELE", "EPRT", "EPSV", "FEAT", "HELP", "LIST",
    "MDTM", "MKD", "MLSD", "MLST", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD",
    "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU", "SYST",
    "TYPE", "USER", "XMKD", "XRMD",
];

#[test]
fn every_command_without_its_argument_is_answered() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    std::fs::write(served.at("ten"), "0123456789").unwrap();
    let mut client = Client::member(&served);
    for command in COMMANDS {
        assert_ne!(client.say(command), CLOSED, "{command}");
    }
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    let mut stranger = Client::greeted(&served);
    for command in COMMANDS.iter().filter(|command| **command != "AUTH").take(18) {
        assert_ne!(stranger.say(command), CLOSED, "{command}");
    }
}

#[test]
fn bytes_that_are_no_commands_are_answered() {
    let served = served();
    let mut client = Client::member(&served);
    let every_byte: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    for garbage in [&every_byte[..], b"\xff\xfe\xfd", b"\xc3\x28 \xa0\xa1", b" ", b"\0\0\0\0", b"\r\r\r", b"STOR\tx"] {
        client.send(garbage).unwrap();
        assert_eq!((client.say(""), client.say("NOOP")), (502, 200), "{garbage:?}");
    }
    served.greets();
}
