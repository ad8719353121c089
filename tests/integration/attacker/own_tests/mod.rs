//! The attacker itself: each manipulation happens, happens where it should, and is as bad as it should be.

mod bytes;
mod impostors;
mod life;
mod links;
mod records;
mod visits;

use std::sync::Arc;

use super::belief::Belief;
use super::callers::SecureClient;
use super::credentials::Credentials;
use super::echo::{Echo, Guest, PATIENCE};
use super::{Attacker, Direction, Manipulation, Tampering};
use crate::house::wait_until;

/// A server that repeats, and an attacker before it who tampers with each connection alike.
fn before(echo: &Echo, direction: Direction, tampering: Tampering) -> Attacker {
    Attacker::before(echo.address, move |_| Manipulation::Tamper(direction, tampering.clone()))
}

/// A server's guest, once it is gone.
fn guest(echo: &Echo, number: usize) -> Guest {
    wait_until("the guest's end", || echo.guests().get(number).is_some_and(|guest| guest.end.is_some()));
    echo.guests().swap_remove(number)
}

/// A server and a client that know each other's keys.
struct Pair {
    echo: Echo,
    server: Arc<Credentials>,
    client: SecureClient,
}

impl Pair {
    /// Who check each other as they should.
    fn new() -> Self {
        Self::believing(Belief::Holder, Belief::Holder)
    }

    /// Of whom the client believes one thing of the server, and the server another of the client.
    fn believing(client: fn([u8; 32]) -> Belief, server: fn([u8; 32]) -> Belief) -> Self {
        let (own, credentials) = (Arc::new(Credentials::new()), Credentials::new());
        let echo = Echo::secure(&own, server(credentials.pin()));
        let client = SecureClient { credentials, belief: client(own.pin()), patience: PATIENCE };
        Self { echo, server: own, client }
    }
}
