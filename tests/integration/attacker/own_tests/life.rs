//! Earlier conversations, other servers, and the attacker's own end.

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::super::callers::converse;
use super::super::echo::Echo;
use super::super::{Attacker, Direction, Manipulation};
use super::guest;
use crate::ports::free_port;

#[test]
fn an_earlier_conversation_is_replayed_whatever_is_said_now() {
    let echo = Echo::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Pass);
    converse(attacker.address(), b"what was said");
    let earlier = attacker.finished(0);
    let other = Echo::plain();
    let attacker = Attacker::before(other.address, move |_| Manipulation::Replay(earlier.clone()));
    assert_eq!(converse(attacker.address(), b"something else"), b"what was said");
    assert_eq!(guest(&other, 0).heard, b"what was said");
    assert_eq!(attacker.struck(), 1);
    let now = attacker.finished(0);
    assert_eq!(now.bytes(Direction::ToServer), b"something else");
    assert_eq!(now.bytes(Direction::ToClient), b"what was said");
}

#[test]
fn each_connection_has_its_own_number() {
    let echo = Echo::plain();
    let attacker = Attacker::before(echo.address, |number| {
        let bytes = number.to_string().into_bytes();
        Manipulation::Tamper(Direction::ToServer, super::Tampering::Insert { at: 0, bytes })
    });
    for number in 0..12 {
        assert_eq!(converse(attacker.address(), b": mine"), format!("{number}: mine").as_bytes());
    }
    assert_eq!((attacker.connections(), attacker.struck()), (12, 12));
}

#[test]
fn a_server_may_go_and_come_back_elsewhere() {
    let gone = (Ipv4Addr::LOCALHOST, free_port()).into();
    let attacker = Attacker::before(gone, |_| Manipulation::Pass);
    let mut refused = TcpStream::connect(attacker.address()).unwrap();
    assert_eq!(refused.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let echo = Echo::plain();
    attacker.retarget(echo.address);
    assert_eq!(converse(attacker.address(), b"back"), b"back");
    assert_eq!(attacker.connections(), 2);
}

#[test]
fn a_reset_is_passed_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let attacker = Attacker::before(listener.local_addr().unwrap(), |_| Manipulation::Pass);
    let mut client = TcpStream::connect(attacker.address()).unwrap();
    let (server, _) = listener.accept().unwrap();
    rustix::net::sockopt::set_socket_linger(&server, Some(Duration::ZERO)).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn everything_ends_with_the_attacker() {
    let echo = Echo::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Pass);
    let mut idle = TcpStream::connect(attacker.address()).unwrap();
    assert_eq!(converse(attacker.address(), b"before"), b"before");
    let begin = Instant::now();
    drop(attacker);
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    for number in 0..2 {
        guest(&echo, number);
    }
    assert_eq!(converse(echo.address, b"after"), b"after");
}
