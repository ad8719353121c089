//! Ports for what takes a number and no listener.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Where ports begin that no system gives to somebody who asks for any one (Linux has those from 32,768 on).
const FIRST: u16 = 20_000;

/// A port that is free and stays so until somebody asks for this very one.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other runs of these tests begin somewhere else.
    let first = FIRST + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 100);
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}
