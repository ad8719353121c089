//! Tests of the attacker itself: each manipulation takes effect at the right position, and does what it should.

mod bytes;
mod connections;
mod impersonation;
mod invalid_clients;
mod records;
mod tls;

use std::sync::Arc;

use super::clients::TlsClient;
use super::credentials::Credentials;
use super::echo::{EchoServer, Session, TIMEOUT};
use super::verifier::TestVerifier;
use super::{Attacker, Direction, Manipulation, Tampering};
use crate::sandbox::wait_until;

/// Starts an attacker in front of the echo server that tampers with each connection in the same way.
fn tampering_with(echo: &EchoServer, direction: Direction, tampering: Tampering) -> Attacker {
    Attacker::before(echo.address, move |_| Manipulation::Tamper(direction, tampering.clone()))
}

/// Waits until a session has ended, and returns it.
fn session(echo: &EchoServer, number: usize) -> Session {
    wait_until("the session's end", || echo.sessions().get(number).is_some_and(|session| session.end.is_some()));
    echo.sessions().swap_remove(number)
}

/// An echo server and a client under TLS that know each other's keys.
struct Pair {
    echo: EchoServer,
    server: Arc<Credentials>,
    client: TlsClient,
}

impl Pair {
    /// Both verify each other's key and signature.
    fn new() -> Self {
        Self::with_verifiers(TestVerifier::PinAndSignature, TestVerifier::PinAndSignature)
    }

    /// Returns a pair whose client and server verify each other with these verifiers, which get the other's pin.
    fn with_verifiers(client: fn([u8; 32]) -> TestVerifier, server: fn([u8; 32]) -> TestVerifier) -> Self {
        let (own, credentials) = (Arc::new(Credentials::new()), Credentials::new());
        let echo = EchoServer::tls(&own, server(credentials.pin()));
        let client = TlsClient { credentials, verifier: client(own.pin()), timeout: TIMEOUT };
        Self { echo, server: own, client }
    }
}
