//! The fog scenario from end to end, next to the sum of its stages.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use hestat::foundation::random;
use rand_core::Rng;

use crate::cores::best;
use crate::fog_processes::send_through;
use crate::rows::{Aim, Row, megabytes, time};
use crate::stages::{CHUNK, Stages};

/// Each number of nodes takes each position in the order equally often, because the stages leave the disk busy.
const ROUNDS: usize = 6;

/// Chunks of the message, which has 512 MiB.
const CHUNKS: usize = 128;

/// The numbers of nodes, measured in turn.
const NODES: [usize; 3] = [1, 2, 4];

/// Measures the message with one, two and four nodes, then each stage alone.
pub(crate) fn rows(directory: &Path) -> Vec<Row> {
    let message = random_bytes(directory);
    let stages = Stages::new(&message, CHUNKS);
    let mut measurements = NODES.map(|nodes| (nodes, [f64::INFINITY; 2]));
    let times = best(ROUNDS, || {
        for (nodes, measured) in &mut measurements {
            let [elapsed, processor] = send_through(*nodes, &message, directory);
            *measured = [measured[0].min(elapsed), measured[1].min(processor)];
        }
        measurements.rotate_left(1);
        stages.times(directory)
    });
    measurements.sort_by_key(|(nodes, _)| *nodes);
    let bound = Bound::of(&times);
    let totals = measurements.into_iter().flat_map(|(nodes, measured)| bound.rows(nodes, measured));
    totals.chain(stage_rows(&times)).collect()
}

/// The sum of the stages, in seconds.
struct Bound {
    /// All stages on one core.
    processor: f64,
    /// The larger of two times: all cores working without pause, or the disk writing without pause.
    overlapped: f64,
}

impl Bound {
    fn of(&[reading, tls, cipher, text, rsa, writing, disk]: &[f64; 7]) -> Self {
        let processor = reading + tls + cipher + text + rsa + writing;
        let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
        Self { processor, overlapped: disk.max(processor / cores) }
    }

    fn rows(&self, nodes: usize, [elapsed, processor]: [f64; 2]) -> [Row; 2] {
        let figure = format!("fog, 537 MB of message, {nodes} {}", if nodes == 1 { "node" } else { "nodes" });
        [
            Row::new(figure, rate(elapsed))
                .beside(format!("{}: max(stages / cores, disk)", rate(self.overlapped)))
                .ratio(format!("{:.2}", self.overlapped / elapsed))
                .aim(Aim::AtLeast(0.6, ""), self.overlapped / elapsed),
            Row::new("· processor time of all its processes", time(processor))
                .beside(format!("{}: the stages", time(self.processor)))
                .ratio(format!("{:.2}", self.processor / processor)),
        ]
    }
}

fn stage_rows(&[reading, tls, cipher, text, rsa, writing, disk]: &[f64; 7]) -> [Row; 7] {
    [
        ("reading the message", reading),
        ("TLS 1.3, rustls alone, 1 byte there and 4/3 back, both ends", tls),
        ("AES-256-GCM, sealing and opening", cipher),
        ("base64url, there and back", text),
        ("RSA-OAEP-256, 3072 bits, both ways, one key for each 4 MiB", rsa),
        ("writing 14/3 bytes into files: part, tokens, tokens, message", writing),
        ("the same until they are on the disk, by the clock on the wall", disk),
    ]
    .map(|(stage, seconds)| Row::new(format!("· {stage}"), time(seconds)))
}

fn rate(seconds: f64) -> String {
    megabytes((CHUNKS * CHUNK) as f64 / seconds)
}

/// Writes a random message to the disk.
fn random_bytes(directory: &Path) -> PathBuf {
    let path = directory.join("fog-message");
    let mut file = File::create(&path).expect("the directory is writable");
    let mut random = random::from_system().expect("the system has randomness");
    let mut chunk = vec![0; CHUNK];
    for _ in 0..CHUNKS {
        random.fill_bytes(&mut chunk);
        file.write_all(&chunk).expect("there is enough space");
    }
    file.sync_all().expect("the file can be synced");
    path
}
