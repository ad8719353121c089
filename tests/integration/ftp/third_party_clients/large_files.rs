//! Files larger than 2 GiB, beyond what 31 bits can count.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use tempfile::TempDir;

use super::scenario::ThirdPartyClient;
use crate::sandbox::{Sandbox, TestServer};

/// Size of the file, in bytes.
const BIG: u64 = (2 << 30) + 12_345;

/// Bytes at the end of the file that a resumed transfer has to move.
const LAST: u64 = 12_000;

/// Only one such file exists at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Uploads and downloads a large file, then resumes both near its end.
pub(super) fn two_gigabytes<C: ThirdPartyClient>() {
    let _guard = ONE_AT_A_TIME.lock();
    let data = large_directory();
    let served = TestServer::start(Sandbox::new().with_server(data.path()), &[]);
    let client = C::of(&served);
    let (sent, big) = (served.sandbox.file("sent"), served.at("big"));
    let expected = write_marked_file(&sent);

    client.put(&sent, "big");
    assert_eq!(digest(File::open(&big).unwrap()), expected);
    assert!(client.list("").contains(&BIG.to_string()));
    // The clients have time limits of their own.
    let mut shown = client.show("big").stdout(Stdio::piped()).spawn().unwrap();
    assert_eq!(digest(shown.stdout.take().unwrap()), expected);
    assert!(shown.wait().unwrap().success());

    let last = tail(&sent);
    truncate(&big);
    client.resume_put(&sent, "big");
    assert_eq!(tail(&big), last);
    truncate(&sent);
    client.resume_get("big", &sent);
    assert_eq!(tail(&sent), last);
}

/// Creates a directory in memory if there is plenty of it: many disks take half a minute for such a file.
fn large_directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    let directory = if free > 4 * BIG { memory.into() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("hestat-test-").tempdir_in(directory).unwrap()
}

/// Writes a sparse file with marks that make each region different. Returns its digest.
fn write_marked_file(path: &Path) -> blake3::Hash {
    let file = File::create(path).unwrap();
    file.set_len(BIG).unwrap();
    for at in (0..BIG - 8).step_by(10_000_019).chain([BIG - 8]) {
        file.write_all_at(&at.to_le_bytes(), at).unwrap();
    }
    digest(File::open(path).unwrap())
}

fn digest(bytes: impl Read) -> blake3::Hash {
    blake3::Hasher::new().update_reader(bytes).unwrap().finalize()
}

/// Truncates the file, as if its transfer had been interrupted near the end.
fn truncate(path: &Path) {
    File::options().write(true).open(path).unwrap().set_len(BIG - LAST).unwrap();
}

/// Returns the last bytes of a file that is complete again.
fn tail(path: &Path) -> Vec<u8> {
    let (file, mut bytes) = (File::open(path).unwrap(), vec![1; LAST as usize]);
    assert_eq!(file.metadata().unwrap().len(), BIG);
    file.read_exact_at(&mut bytes, BIG - LAST).unwrap();
    bytes
}
