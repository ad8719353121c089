//! Ways to have something go in plain, or to slip something in before TLS begins: there is none.

use std::io::Write;
use std::net::Ipv4Addr;

use super::client::{CLOSED, Client, ELSEWHERE};
use super::wire::Wire;
use crate::sandbox::TestServer;

#[test]
fn nobody_logs_in_in_plain() {
    let served = TestServer::new(&[]);
    let mut client = Client::greeted(&served);
    assert_eq!(client.say("USER hestat"), 534);
    assert_eq!(client.say(&format!("PASS {}", served.password())), 503);
    for command in ["PROT P", "PROT C", "EPSV", "PASV", "LIST", "STOR x", "SIZE x", "SITE HESTAT", "CCC"] {
        assert!([503, 530].contains(&client.say(command)), "{command}");
    }
    client.secure();
    assert_eq!(client.say("NOOP"), 200);
    assert_eq!(client.say("AUTH TLS"), 503);
    assert_eq!(client.login("hestat", &served.password()), 230);
    assert_eq!((client.say("CCC"), client.say("USER other")), (534, 503));
}

#[test]
fn no_data_goes_in_plain() {
    let served = TestServer::new(&[]);
    std::fs::write(served.at("secret"), "secret").unwrap();
    let mut client = Client::secured(&served);
    assert_eq!(client.login("hestat", &served.password()), 230);
    for command in ["PASV", "EPSV", "EPSV ALL", "STOR x", "APPE x", "RETR secret", "LIST", "NLST", "MLSD"] {
        assert_eq!(client.say(command), 521, "{command}");
    }
    assert_eq!((client.say("PROT C"), client.say("EPSV")), (534, 521));
    assert_eq!((client.say("PROT P"), client.say("PROT C"), client.say("PROT S")), (200, 534, 534));
    // The switch between port and transfer is refused as well, and what comes in plain is not data.
    let mut data = client.dial_data();
    assert_eq!((client.say("PROT C"), client.say("STOR x")), (534, 150));
    data.write_all(b"in plain").unwrap();
    assert_eq!(client.reply(), 426);
    assert_eq!(std::fs::read(served.at("x")).unwrap(), b"");
    let data = client.dial_data();
    assert_eq!((client.say("PROT C"), client.say("RETR secret")), (534, 150));
    let heard = data.finish().unwrap_or_default();
    assert!(!heard.windows(6).any(|six| six == b"secret"), "{heard:?}");
    assert_eq!((client.reply(), client.fetch("RETR secret")), (426, Ok(b"secret".to_vec())));
}

/// Whoever can write into the line before TLS begins must not speak for the one behind it (CVE-2011-0411 and its kin).
#[test]
fn what_is_said_in_plain_behind_auth_is_not_done() {
    let served = TestServer::new(&[]);
    let login = format!("USER hestat\r\nPASS {}\r\nMKD slipped\r\n", served.password());
    let mut client = Client::greeted(&served);
    client.send(format!("AUTH TLS\r\n{login}").as_bytes()).unwrap();
    assert_eq!((client.reply(), client.reply()), (234, CLOSED));
    let mut client = Client::greeted(&served);
    assert_eq!(client.say("AUTH TLS"), 234);
    client.send(login.as_bytes()).unwrap();
    client.wait_for_end();
    assert!(!served.at("slipped").exists() && !served.log().contains("logged in"), "{}", served.log());
    served.greets();
}

/// Somebody else who guesses the port is not the client.
#[test]
fn data_comes_from_where_commands_come_from() {
    let served = TestServer::new(&["--transfer-timeout", "3"]);
    let mut client = Client::member(&served);
    let port = client.passive();
    let stranger = Wire::dial(ELSEWHERE, port).unwrap();
    let own = Wire::dial(Ipv4Addr::LOCALHOST.into(), port).unwrap();
    assert_eq!(client.say("STOR x"), 150);
    let mut own = own.secure().unwrap();
    own.write_all(b"own").unwrap();
    own.finish().unwrap();
    assert_eq!((client.reply(), std::fs::read(served.at("x")).unwrap()), (226, b"own".to_vec()));
    assert!(stranger.finish().unwrap_or_default().is_empty());
    let port = client.passive();
    let _strangers: Vec<Wire> = (0..20).map(|_| Wire::dial(ELSEWHERE, port).unwrap()).collect();
    assert_eq!((client.say("RETR x"), client.say("NOOP")), (425, 200));
    assert_eq!(client.fetch("RETR x"), Ok(b"own".to_vec()));
}
