//! Ports for servers that must be told which ones.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Blocks there are, below the ports that systems give to whoever asks for any.
const BLOCKS: u16 = 1000;
const FIRST: u16 = 20_000;
const LENGTH: u16 = 12;

/// The first of twelve ports in a row that nobody listens at. No two tests of this process get the same, and tests of other
/// processes look elsewhere first.
pub(super) fn free_block() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = (std::process::id() % u32::from(BLOCKS)) as u16;
    let block = || (process.wrapping_mul(37) + NEXT.fetch_add(1, Ordering::Relaxed)) % BLOCKS;
    let firsts = (0..BLOCKS).map(|_| FIRST + block() * LENGTH);
    firsts.into_iter().find(|first| is_free(*first)).expect("there are free ports")
}

/// The last port of a block.
pub(super) fn last(first: u16) -> u16 {
    first + LENGTH - 1
}

fn is_free(first: u16) -> bool {
    (first..=last(first)).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}
