//! Fog from end to end, beside what its stages add up to.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use hestat::foundation::random;
use rand_core::Rng;

use crate::cores::best;
use crate::parties::send_through;
use crate::rows::{Aim, Row, megabytes, time};
use crate::stages::{CHUNK, Stages};

/// Each number of nodes comes first, second and last equally often: what comes after the stages finds the disk busy.
const ROUNDS: usize = 6;

/// The message: 512 MiB.
const CHUNKS: usize = 128;

/// How many nodes there are, in turns.
const NODES: [usize; 3] = [1, 2, 4];

/// The message through one, two and four nodes, then the stages by themselves.
pub(crate) fn rows(directory: &Path) -> Vec<Row> {
    let message = random_bytes(directory);
    let stages = Stages::new(&message, CHUNKS);
    let mut ways = NODES.map(|nodes| (nodes, [f64::INFINITY; 2]));
    let times = best(ROUNDS, || {
        for (nodes, way) in &mut ways {
            let [taken, processor] = send_through(*nodes, &message, directory);
            *way = [way[0].min(taken), way[1].min(processor)];
        }
        ways.rotate_left(1);
        stages.times(directory)
    });
    ways.sort_by_key(|(nodes, _)| *nodes);
    let bound = Bound::of(&times);
    let ends = ways.into_iter().flat_map(|(nodes, way)| bound.rows(nodes, way));
    ends.chain(stage_rows(&times)).collect()
}

/// What the stages add up to, in seconds.
struct Bound {
    /// All of them, one core.
    processor: f64,
    /// All cores work all the time while the disk writes all the time: whichever is later.
    overlapped: f64,
}

impl Bound {
    fn of(&[reading, tls, cipher, text, rsa, writing, disk]: &[f64; 7]) -> Self {
        let processor = reading + tls + cipher + text + rsa + writing;
        let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
        Self { processor, overlapped: disk.max(processor / cores) }
    }

    fn rows(&self, nodes: usize, [taken, processor]: [f64; 2]) -> [Row; 2] {
        let figure = format!("fog, 537 MB of message, {nodes} {}", if nodes == 1 { "node" } else { "nodes" });
        [
            Row::new(figure, rate(taken))
                .beside(format!("{}: max(stages / cores, disk)", rate(self.overlapped)))
                .ratio(format!("{:.2}", self.overlapped / taken))
                .aim(Aim::AtLeast(0.6, ""), self.overlapped / taken),
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

/// A file with the message, on the disk.
fn random_bytes(directory: &Path) -> PathBuf {
    let path = directory.join("fog-message");
    let mut file = File::create(&path).expect("the directory can be written to");
    let mut random = random::from_system().expect("the system has some");
    let mut chunk = vec![0; CHUNK];
    for _ in 0..CHUNKS {
        random.fill_bytes(&mut chunk);
        file.write_all(&chunk).expect("there is room");
    }
    file.sync_all().expect("the disk works");
    path
}
