//! Free ports for programs that take a port number and no listener.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// The first port used. It is below the ephemeral ports (on Linux from 32,768), which the system assigns to other
/// sockets.
const FIRST: u16 = 20_000;

/// A port that is free, and remains so unless another program asks for exactly this one.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs of these tests at the same time use other ports.
    let first = FIRST + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 100);
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}
