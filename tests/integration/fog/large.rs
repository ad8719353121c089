//! A message that is larger than the memory of client and nodes may be.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::parties::{Parties, assert_all_succeed};
use crate::sandbox::wait_until;

/// Bytes of the message: hundreds of chunks.
const LENGTH: u64 = 1 << 30;

/// Maximum memory, in KiB, of a client with two nodes, and of a node.
const MAX_MEMORY: [u64; 2] = [200 << 10, 150 << 10];

#[test]
fn a_large_message_takes_little_memory() {
    let parties = Parties::new();
    let file = parties.sandbox.file("large");
    let message = File::create(&file).unwrap();
    message.set_len(LENGTH).unwrap();
    for offset in (0..LENGTH).step_by(1 << 20) {
        message.write_all_at(&offset.to_le_bytes(), offset).unwrap();
    }
    // The length of standard input is not known in advance.
    let client = parties.client_with_stdin(File::open(&file).unwrap());
    let nodes = ["node-1", "node-2"].map(|node| parties.node(node, &client, &[]));
    let mut peaks = [0; 3];
    wait_until("the message", || {
        let processes = [client.process(), &nodes[0], &nodes[1]];
        for (peak, process) in peaks.iter_mut().zip(processes) {
            *peak = process.peak_memory_so_far().unwrap_or_default().max(*peak);
        }
        parties.count("client", "reassembled") == 1
    });
    assert_eq!(client.expect_report()["bytes"], LENGTH);
    assert_all_succeed(nodes);
    assert!(peaks.iter().all(|peak| *peak > 1 << 10), "{peaks:?} KiB");
    assert!(peaks[0] < MAX_MEMORY[0] && peaks[1].max(peaks[2]) < MAX_MEMORY[1], "{peaks:?} KiB");
}
