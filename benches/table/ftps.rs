//! File transfers over FTPS on the loopback interface, next to the same bytes through rustls alone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use hestat::foundation::observer::Observer;

use crate::cores::{best, seconds};
use crate::rows::{Aim, Row, gigabytes, time};
use crate::service::Service;
use crate::tls_baseline::TlsBaseline;
use crate::vsftpd::Vsftpd;

const ROUNDS: usize = 7;
const NAME: &str = "inbox/job/dataset.hes";
/// A file system in memory.
const RAM_DISK: &str = "/dev/shm";

/// Measures uploads and downloads of `file` with hestat's client and server, whose root is in `directory`, and with
/// vsftpd and lftp if they are available.
pub(crate) fn rows(file: &Path, directory: &Path, baseline: &TlsBaseline) -> Vec<Row> {
    let bytes = fs::metadata(file).expect("the file exists").len();
    let (memory, peer) = (tempfile::tempdir_in(RAM_DISK).ok(), Vsftpd::start());
    let not_available = [f64::NAN; 3];
    let [login, put, get, in_memory, sync, copy, copy_file, their_put, their_get] = best(ROUNDS, || {
        let [login, put, get] = transfers(file, directory);
        let [_, in_memory, _] = memory.as_ref().map_or(not_available, |memory| transfers(file, memory.path()));
        let [their_put, their_get] = peer.as_ref().map_or([f64::NAN; 2], |peer| peer.transfers(file));
        let (sync, copy) = (write_and_sync(file, directory), baseline.copy(bytes));
        let copy_file = baseline.copy_file(file, &directory.join("copy"));
        [login, put, get, in_memory, sync, copy, copy_file, their_put, their_get]
    });
    let rate = |seconds| gigabytes(bytes as f64 / seconds);
    let beside = |figure: &str, own: f64, bound: f64, route: &str| {
        let row = Row::new(figure, rate(own)).beside(format!("{}: rustls alone, {route}", rate(bound)));
        row.ratio(format!("{:.2}", bound / own))
    };
    let from_memory = |figure: &str, own: f64| beside(figure, own, copy, "memory to memory");
    let theirs = |own: f64, theirs: f64| {
        let row = Row::new("· the same beside vsftpd and lftp", rate(own));
        if theirs.is_infinite() {
            return row.beside("vsftpd and lftp not found, or not started by root");
        }
        row.beside(format!("{}: vsftpd + lftp", rate(theirs))).ratio(format!("{:.2}", theirs / own))
    };
    let rows = [
        beside("upload of 272 MB over FTPS, on disk at the end", put, copy_file, "file to disk")
            .aim(Aim::AtLeast(0.5, ""), copy_file / put),
        from_memory("· the same", put),
        from_memory("· the same onto a RAM disk", in_memory),
        Row::new("· only writing the same bytes to the disk, without FTPS", rate(sync)),
        theirs(put, their_put),
        from_memory("download of 272 MB over FTPS", get).aim(Aim::AtLeast(0.5, ""), copy / get),
        theirs(get, their_get),
        Row::new("connecting and logging in over FTPS", time(login)),
    ];
    rows.into_iter().enumerate().filter(|(index, _)| *index != 2 || in_memory.is_finite()).map(|(_, row)| row).collect()
}

/// Returns the seconds of a login, an upload and a download.
fn transfers(file: &Path, root: &Path) -> [f64; 3] {
    let bytes = fs::metadata(file).expect("the file exists").len();
    let (observer, service) = (Observer::null(), Service::start(root));
    let (location, connector) = (service.location(), service.connector());
    let mut server = None;
    let login = seconds(|| server = Some(connector.connect(&location, observer).expect("the server is reachable")));
    let server = server.expect("it was just created");
    let put = seconds(|| server.put(file, NAME, observer).expect("there is enough space"));
    let get =
        seconds(|| assert_eq!(server.get(NAME, bytes, &mut io::sink(), observer).expect("the file exists"), bytes));
    server.remove_directory("inbox/job").expect("it was just created");
    [login, put, get]
}

/// Returns the seconds that writing the upload to the server's disk takes at least.
fn write_and_sync(file: &Path, directory: &Path) -> f64 {
    let content = fs::read(file).expect("the file exists");
    let copy = directory.join("copy");
    let elapsed = seconds(|| {
        let mut file = File::create(&copy).expect("the directory is writable");
        io::Write::write_all(&mut file, &content).expect("there is enough space");
        file.sync_all().expect("the file can be synced");
    });
    fs::remove_file(copy).expect("it was just created");
    elapsed
}
