//! Invalid clients send what they should, and notice when the server disconnects.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use super::super::clients::exchange;
use super::super::echo::{EchoServer, PROTOCOL};
use super::super::invalid_clients::{InvalidClient, client_hello, idle_connections, slow_loris};
use super::{Pair, session};

const TIMEOUT: Duration = Duration::from_secs(20);

#[test]
fn a_server_disconnects_every_invalid_client() {
    let pair = Pair::new();
    for (number, client) in InvalidClient::ALL.into_iter().enumerate() {
        client.run(pair.echo.address, PROTOCOL, TIMEOUT).unwrap();
        assert!(session(&pair.echo, number).received.is_empty(), "{client:?}");
    }
    pair.client.exchange(pair.echo.address, &[b"still there"]).unwrap();
}

#[test]
fn invalid_clients_send_what_they_should() {
    let echo = EchoServer::plain();
    for (number, client) in InvalidClient::ALL.into_iter().enumerate() {
        let answer = client.run(echo.address, PROTOCOL, TIMEOUT).unwrap();
        assert_eq!(session(&echo, number).received, answer);
        // Every ClientHello is different: only lengths and the first bytes can be compared.
        let bytes = client.bytes(PROTOCOL);
        assert_eq!((answer.len(), answer.get(..6)), (bytes.len(), bytes.get(..6)), "{client:?}");
    }
    assert_eq!(InvalidClient::OversizedRecord.bytes(PROTOCOL)[..5], [22, 3, 3, 0xff, 0xff]);
}

#[test]
fn a_slow_loris_sends_a_hello_until_the_server_disconnects() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut received = [0; 9];
        listener.accept().unwrap().0.read_exact(&mut received).unwrap();
        received
    });
    let outcome = slow_loris(address, PROTOCOL, Duration::from_millis(20), TIMEOUT);
    assert!(outcome.disconnected && outcome.sent >= 9, "{outcome:?}");
    assert!(outcome.elapsed >= Duration::from_millis(8 * 20), "{outcome:?}");
    let (received, hello) = (server.join().unwrap(), client_hello(PROTOCOL));
    assert_eq!(received, hello[..9]);
}

#[test]
fn a_slow_loris_ends_at_its_timeout() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let timeout = Duration::from_millis(100);
    let outcome = slow_loris(listener.local_addr().unwrap(), PROTOCOL, Duration::from_millis(10), timeout);
    assert!(!outcome.disconnected && outcome.sent < client_hello(PROTOCOL).len(), "{outcome:?}");
}

#[test]
fn idle_connections_stay_open_and_send_nothing() {
    let echo = EchoServer::plain();
    let idle = idle_connections(echo.address, 40);
    assert_eq!(exchange(echo.address, b"among them"), b"among them");
    assert_eq!(echo.sessions().len(), 41);
    drop(idle);
    for number in 0..40 {
        assert!(session(&echo, number).received.is_empty());
    }
}
