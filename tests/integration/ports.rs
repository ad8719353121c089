//! Free ports for programs that take port numbers and no listener.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{LazyLock, Mutex};

/// The ports used. They are below the ephemeral ports (on Linux from 32,768), which the system assigns to other
/// sockets.
const PORTS: Range<u16> = 20_000..32_000;

/// The next port to try. Other runs of these tests at the same time begin elsewhere.
static NEXT: LazyLock<Mutex<u16>> = LazyLock::new(|| {
    let offset = std::process::id() % 1000 * 12;
    Mutex::new(PORTS.start + u16::try_from(offset).unwrap())
});

/// A port that is free, and remains so unless another program asks for exactly this one.
pub(crate) fn free_port() -> u16 {
    free_ports(1).start
}

/// As many consecutive free ports. This process uses a port again only after all others.
pub(crate) fn free_ports(count: u16) -> Range<u16> {
    let mut next = NEXT.lock().unwrap();
    let mut candidates = std::iter::repeat_with(|| {
        let first = if *next + count > PORTS.end { PORTS.start } else { *next };
        *next = first + count;
        first..*next
    });
    candidates.by_ref().take(PORTS.len()).find(|ports| ports.clone().all(is_free)).expect("no free ports")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
