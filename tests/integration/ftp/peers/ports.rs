//! Port numbers for servers that cannot choose free ports themselves.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// The number of blocks, all below the range of ephemeral ports.
const BLOCKS: u16 = 1000;
const FIRST: u16 = 20_000;
const LENGTH: u16 = 12;

/// Returns the first of twelve consecutive free ports. Tests in this process never get the same block; tests in other
/// processes start their search elsewhere.
pub(super) fn free_block() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = (std::process::id() % u32::from(BLOCKS)) as u16;
    let block = || (process.wrapping_mul(37) + NEXT.fetch_add(1, Ordering::Relaxed)) % BLOCKS;
    let candidates = (0..BLOCKS).map(|_| FIRST + block() * LENGTH);
    candidates.into_iter().find(|first| is_free(*first)).expect("there are free ports")
}

/// Returns the last port of a block.
pub(super) fn last(first: u16) -> u16 {
    first + LENGTH - 1
}

fn is_free(first: u16) -> bool {
    (first..=last(first)).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}
