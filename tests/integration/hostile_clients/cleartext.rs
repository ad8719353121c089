//! Attempts to send something in cleartext or to inject something before TLS begins: all are refused.

use std::io::Write;
use std::net::Ipv4Addr;

use super::client::{CLOSED, Client, OTHER_ADDRESS};
use super::stream::Stream;
use crate::sandbox::TestServer;

#[test]
fn login_requires_tls() {
    let served = TestServer::new(&[]);
    let mut client = Client::greeted(&served);
    assert_eq!(client.command("USER hestat"), 534);
    assert_eq!(client.command(&format!("PASS {}", served.password())), 503);
    for command in ["PROT P", "PROT C", "EPSV", "PASV", "LIST", "STOR x", "SIZE x", "SITE HESTAT", "CCC"] {
        assert!([503, 530].contains(&client.command(command)), "{command}");
    }
    client.secure();
    assert_eq!(client.command("NOOP"), 200);
    assert_eq!(client.command("AUTH TLS"), 503);
    assert_eq!(client.login("hestat", &served.password()), 230);
    assert_eq!((client.command("CCC"), client.command("USER other")), (534, 503));
}

#[test]
fn data_requires_tls() {
    let served = TestServer::new(&[]);
    std::fs::write(served.at("secret"), "secret").unwrap();
    let mut client = Client::secured(&served);
    assert_eq!(client.login("hestat", &served.password()), 230);
    for command in ["PASV", "EPSV", "EPSV ALL", "STOR x", "APPE x", "RETR secret", "LIST", "NLST", "MLSD"] {
        assert_eq!(client.command(command), 521, "{command}");
    }
    assert_eq!((client.command("PROT C"), client.command("EPSV")), (534, 521));
    assert_eq!((client.command("PROT P"), client.command("PROT C"), client.command("PROT S")), (200, 534, 534));
    // Switching between the data port and the transfer is refused too, and cleartext is not taken for data.
    let mut data = client.connect_data();
    assert_eq!((client.command("PROT C"), client.command("STOR x")), (534, 150));
    data.write_all(b"in plain").unwrap();
    assert_eq!(client.reply(), 426);
    assert_eq!(std::fs::read(served.at("x")).unwrap(), b"");
    let data = client.connect_data();
    assert_eq!((client.command("PROT C"), client.command("RETR secret")), (534, 150));
    let received = data.finish().unwrap_or_default();
    assert!(!received.windows(6).any(|six| six == b"secret"), "{received:?}");
    assert_eq!((client.reply(), client.fetch("RETR secret")), (426, Ok(b"secret".to_vec())));
}

/// An attacker who can inject data before TLS begins must not speak for the client (CVE-2011-0411 and related).
#[test]
fn commands_injected_after_auth_are_not_executed() {
    let served = TestServer::new(&[]);
    let login = format!("USER hestat\r\nPASS {}\r\nMKD slipped\r\n", served.password());
    let mut client = Client::greeted(&served);
    client.send(format!("AUTH TLS\r\n{login}").as_bytes()).unwrap();
    assert_eq!((client.reply(), client.reply()), (234, CLOSED));
    let mut client = Client::greeted(&served);
    assert_eq!(client.command("AUTH TLS"), 234);
    client.send(login.as_bytes()).unwrap();
    client.wait_for_end();
    assert!(!served.at("slipped").exists() && !served.log().contains("logged in"), "{}", served.log());
    served.assert_reachable();
}

/// A third party that guesses the data port is not taken for the client.
#[test]
fn data_connections_from_other_addresses_are_refused() {
    let served = TestServer::new(&["--transfer-timeout", "3"]);
    let mut client = Client::logged_in(&served);
    let port = client.passive();
    let other = Stream::connect(OTHER_ADDRESS, port).unwrap();
    let own = Stream::connect(Ipv4Addr::LOCALHOST.into(), port).unwrap();
    assert_eq!(client.command("STOR x"), 150);
    let mut own = own.secure().unwrap();
    own.write_all(b"own").unwrap();
    own.finish().unwrap();
    assert_eq!((client.reply(), std::fs::read(served.at("x")).unwrap()), (226, b"own".to_vec()));
    assert!(other.finish().unwrap_or_default().is_empty());
    let port = client.passive();
    let _others: Vec<Stream> = (0..20).map(|_| Stream::connect(OTHER_ADDRESS, port).unwrap()).collect();
    assert_eq!((client.command("RETR x"), client.command("NOOP")), (425, 200));
    assert_eq!(client.fetch("RETR x"), Ok(b"own".to_vec()));
}
