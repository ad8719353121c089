//! Valid commands in unusual order, with unusual arguments or without arguments.

use std::io::Write;

use super::client::{CLOSED, Client};
use crate::ports::free_port;
use crate::sandbox::TestServer;

fn start_server() -> TestServer {
    let served = TestServer::new(&["--transfer-timeout", "2"]);
    std::fs::write(served.at("ten"), "0123456789").unwrap();
    served
}

#[test]
fn offsets_that_make_no_sense_change_nothing() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    for invalid in ["", "-1", "1e3", "0x10", "99999999999999999999", "one"] {
        assert_eq!(client.command(&format!("REST {invalid}")), 501);
    }
    for beyond in ["11", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
        assert_eq!((client.command(&format!("REST {beyond}")), client.store("STOR ten", b"x")), (350, 554));
        // Beyond the end of a file there is nothing to download.
        assert_eq!(client.command(&format!("REST {beyond}")), 350);
        assert!([Ok(Vec::new()), Err(554)].contains(&client.fetch("RETR ten")), "{beyond}");
    }
    assert_eq!(client.fetch("RETR ten").unwrap(), b"0123456789");
}

/// RFC 2428, section 3.
#[test]
fn extended_passive_mode_accepts_only_the_protocol_in_use() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    for (command, code) in [("EPSV 1", 229), ("EPSV 2", 522), ("EPSV all", 200), ("EPSV x", 522), ("EPSV", 229)] {
        assert_eq!(client.command(command), code, "{command}");
    }
}

#[test]
fn an_offset_applies_to_the_next_transfer_only() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    assert_eq!((client.command("REST 4"), client.fetch("RETR ten")), (350, Ok(b"456789".to_vec())));
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    for failing in ["RETR absent", "STOR no/directory", "LIST ten", "STOR outbox/x"] {
        assert_eq!(client.command("REST 4"), 350);
        assert!(client.open(failing).is_err(), "{failing}");
        assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()), "after {failing}");
    }
    assert_eq!((client.command("REST 4"), client.command("RETR ten")), (350, 425));
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    assert_eq!((client.command("REST 10"), client.store("STOR ten", b"abc")), (350, 226));
    assert_eq!((client.command("REST 2"), client.store("STOR ten", b"x")), (350, 226));
    assert_eq!(client.store("APPE ten", b"yz"), 226);
    assert_eq!(std::fs::read(served.at("ten")).unwrap(), b"01xyz");
}

#[test]
fn only_one_connection_writes_a_file() {
    let served = start_server();
    let (mut first, mut second) = (Client::logged_in(&served), Client::logged_in(&served));
    let mut data = first.open("STOR new.part").unwrap();
    for command in ["STOR new.part", "APPE new.part"] {
        // A writer that stalls may be evicted.
        data.write_all(b"first").unwrap();
        assert_eq!(second.store(command, b"second"), 450);
    }
    data.finish().unwrap();
    assert_eq!((first.reply(), second.fetch("RETR new.part")), (226, Ok(b"firstfirst".to_vec())));
}

/// A client that uses all data ports does not block other clients' control connections.
#[test]
fn exhausted_data_ports_are_reported() {
    let port = free_port();
    let served = TestServer::new(&["--passive-ports", &format!("{port}-{port}")]);
    let (mut first, mut second) = (Client::logged_in(&served), Client::logged_in(&served));
    for _ in 0..3 {
        assert_eq!(first.passive().port(), port);
        assert_eq!((second.command("EPSV"), second.command("PASV"), second.command("NOOP")), (425, 425, 200));
    }
    assert_eq!(first.store("STOR x", b"x"), 226);
    assert_eq!(second.fetch("RETR x"), Ok(b"x".to_vec()));
}

/// With and without Telnet's signals before it, which RFC 959 requires.
#[test]
fn abor_ends_a_transfer_or_does_nothing() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    assert_eq!(client.command("ABOR"), 226);
    client.send(b"\xff\xf4\xff\xf2ABOR\r\n").unwrap();
    assert_eq!(client.reply(), 226);
    let mut data = client.open("STOR begun").unwrap();
    data.write_all(&[7; 1000]).unwrap();
    client.send(b"\xff\xf4\xff\xf2ABOR\r\n").unwrap();
    drop(data);
    assert_eq!((client.reply(), client.reply(), client.command("NOOP")), (426, 226, 200));
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
    let mut client = Client::logged_in(&served);
    for command in COMMANDS {
        assert_ne!(client.command(command), CLOSED, "{command}");
    }
    assert_eq!(client.fetch("RETR ten"), Ok(b"0123456789".to_vec()));
    let mut other = Client::greeted(&served);
    for command in COMMANDS.iter().filter(|command| **command != "AUTH").take(18) {
        assert_ne!(other.command(command), CLOSED, "{command}");
    }
}

#[test]
fn bytes_that_are_not_commands_are_answered() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    let every_byte: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    for garbage in [&every_byte[..], b"\xff\xfe\xfd", b"\xc3\x28 \xa0\xa1", b" ", b"\0\0\0\0", b"\r\r\r", b"STOR\tx"] {
        client.send(garbage).unwrap();
        assert_eq!((client.command(""), client.command("NOOP")), (502, 200), "{garbage:?}");
    }
    served.assert_reachable();
}
