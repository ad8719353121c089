//! The fog scenario from end to end, with the sum of its stages as the reference.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use hestat::foundation::random;
use rand_core::Rng;

use crate::cores::best;
use crate::fog_processes::send_through;
use crate::rows::{Row, Target, megabytes, time};
use crate::stages::{CHUNK, Stages};

/// A multiple of the length of [`NODES`]: each comes first equally often, because the stages leave the disk busy.
const ROUNDS: usize = 6;

/// Chunks of the message of 512 MiB (537 MB).
const CHUNKS: usize = 128;

/// The numbers of nodes, measured alternately.
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
    let rows = measurements.into_iter().flat_map(|(nodes, measured)| bound.rows(nodes, measured));
    rows.chain(stage_rows(&times)).collect()
}

/// Lower bounds of the time that the message takes, from the times of the stages alone, in seconds.
struct Bound {
    /// The sum of the stages, in processor time.
    processor: f64,
    /// In wall-clock time: all cores work without pause, or the disk writes without pause, whichever takes longer.
    overlapped: f64,
}

impl Bound {
    fn of(&[reading, tls, cipher, base64, rsa, writing, disk]: &[f64; 7]) -> Self {
        let processor = reading + tls + cipher + base64 + rsa + writing;
        let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
        Self { processor, overlapped: disk.max(processor / cores) }
    }

    fn rows(&self, nodes: usize, [elapsed, processor]: [f64; 2]) -> [Row; 2] {
        let name = format!("fog, message of 537 MB, {nodes} {}", if nodes == 1 { "node" } else { "nodes" });
        [
            Row::new(name, rate(elapsed))
                .reference(format!("{}: max(sum of the stages / cores, disk)", rate(self.overlapped)))
                .ratio(format!("{:.2}", self.overlapped / elapsed))
                .target(Target::AtLeast(0.6, ""), self.overlapped / elapsed),
            Row::new("· processor time of all processes", time(processor))
                .reference(format!("{}: sum of the stages", time(self.processor)))
                .ratio(format!("{:.2}", self.processor / processor)),
        ]
    }
}

fn stage_rows(&[reading, tls, cipher, base64, rsa, writing, disk]: &[f64; 7]) -> [Row; 7] {
    [
        ("reading the message", reading),
        ("TLS 1.3, rustls alone, 1 byte sent and 4/3 bytes returned, both ends", tls),
        ("AES-256-GCM, seal and open", cipher),
        ("base64url, encode and decode", base64),
        ("RSA-OAEP-256, 3072 bits, wrap and unwrap one key per 4 MiB", rsa),
        ("writing 14/3 bytes to files: part and tokens (node), tokens and message (client)", writing),
        ("the same writes until synced, wall clock", disk),
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
