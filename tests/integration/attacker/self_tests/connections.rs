//! Replays, numbering, other servers, and the attacker's own shutdown.

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::super::clients::exchange;
use super::super::echo::EchoServer;
use super::super::{Attacker, Direction, Manipulation};
use super::session;
use crate::ports::free_port;

#[test]
fn an_earlier_connection_is_replayed_whatever_is_sent_now() {
    let echo = EchoServer::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Forward);
    exchange(attacker.address(), b"what was sent");
    let earlier = attacker.finished(0);
    let other = EchoServer::plain();
    let attacker = Attacker::before(other.address, move |_| Manipulation::Replay(earlier.clone()));
    assert_eq!(exchange(attacker.address(), b"something else"), b"what was sent");
    assert_eq!(session(&other, 0).received, b"what was sent");
    assert_eq!(attacker.manipulations(), 1);
    let now = attacker.finished(0);
    assert_eq!(now.bytes(Direction::ToServer), b"something else");
    assert_eq!(now.bytes(Direction::ToClient), b"what was sent");
}

#[test]
fn connections_are_numbered() {
    let echo = EchoServer::plain();
    let attacker = Attacker::before(echo.address, |number| {
        let bytes = number.to_string().into_bytes();
        Manipulation::Tamper(Direction::ToServer, super::Tampering::Insert { at: 0, bytes })
    });
    for number in 0..12 {
        assert_eq!(exchange(attacker.address(), b": mine"), format!("{number}: mine").as_bytes());
    }
    assert_eq!((attacker.connections(), attacker.manipulations()), (12, 12));
}

#[test]
fn a_server_may_come_back_at_another_address() {
    let gone = (Ipv4Addr::LOCALHOST, free_port()).into();
    let attacker = Attacker::before(gone, |_| Manipulation::Forward);
    let mut refused = TcpStream::connect(attacker.address()).unwrap();
    assert_eq!(refused.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let echo = EchoServer::plain();
    attacker.retarget(echo.address);
    assert_eq!(exchange(attacker.address(), b"back"), b"back");
    assert_eq!(attacker.connections(), 2);
}

#[test]
fn a_reset_is_passed_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let attacker = Attacker::before(listener.local_addr().unwrap(), |_| Manipulation::Forward);
    let mut client = TcpStream::connect(attacker.address()).unwrap();
    let (server, _) = listener.accept().unwrap();
    rustix::net::sockopt::set_socket_linger(&server, Some(Duration::ZERO)).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn dropping_the_attacker_closes_all_connections() {
    let echo = EchoServer::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Forward);
    let mut idle = TcpStream::connect(attacker.address()).unwrap();
    assert_eq!(exchange(attacker.address(), b"before"), b"before");
    let begin = Instant::now();
    drop(attacker);
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    for number in 0..2 {
        session(&echo, number);
    }
    assert_eq!(exchange(echo.address, b"after"), b"after");
}
