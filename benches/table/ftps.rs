//! Files over FTPS on the loopback interface, beside the same bytes through rustls alone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use hestat::foundation::observer::Observer;

use crate::bare::Bare;
use crate::cores::{best, seconds};
use crate::rows::{Aim, Row, gigabytes, time};
use crate::service::Service;
use crate::vsftpd::Vsftpd;

const ROUNDS: usize = 7;
const NAME: &str = "inbox/job/dataset.hes";
/// Files here never reach a disk.
const RAM_DISK: &str = "/dev/shm";

/// Upload and download of `file` with hestat's client and server, whose root is in `directory`; with others, if there are.
pub(crate) fn rows(file: &Path, directory: &Path, bare: &Bare) -> Vec<Row> {
    let bytes = fs::metadata(file).expect("the file is there").len();
    let (memory, peer) = (tempfile::tempdir_in(RAM_DISK).ok(), Vsftpd::start());
    let absent = [f64::NAN; 3];
    let [login, put, get, in_memory, sync, copy, copy_file, their_put, their_get] = best(ROUNDS, || {
        let [login, put, get] = transfers(file, directory);
        let [_, in_memory, _] = memory.as_ref().map_or(absent, |memory| transfers(file, memory.path()));
        let [their_put, their_get] = peer.as_ref().map_or([f64::NAN; 2], |peer| peer.transfers(file));
        let (sync, copy) = (write_and_sync(file, directory), bare.copy(bytes));
        let copy_file = bare.copy_file(file, &directory.join("copy"));
        [login, put, get, in_memory, sync, copy, copy_file, their_put, their_get]
    });
    let rate = |seconds| gigabytes(bytes as f64 / seconds);
    let beside = |figure: &str, own: f64, bound: f64, what: &str| {
        let row = Row::new(figure, rate(own)).beside(format!("{}: rustls alone, {what}", rate(bound)));
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
    rows.into_iter().enumerate().filter(|(at, _)| *at != 2 || in_memory.is_finite()).map(|(_, row)| row).collect()
}

/// Seconds for a login, an upload and a download.
fn transfers(file: &Path, root: &Path) -> [f64; 3] {
    let bytes = fs::metadata(file).expect("the file is there").len();
    let service = Service::start(root);
    let (location, connector) = (service.location(), service.connector());
    let mut server = None;
    let login = seconds(|| server = Some(connector.connect(&location, Observer::null()).expect("the server is there")));
    let server = server.expect("it was just made");
    let put = seconds(|| server.put(file, NAME, Observer::null()).expect("there is room"));
    let get =
        seconds(|| assert_eq!(server.get(NAME, bytes, &mut io::sink(), Observer::null()).expect("it is there"), bytes));
    server.remove_directory("inbox/job").expect("it was just made");
    [login, put, get]
}

/// Seconds for what an upload cannot do without on the server's disk.
fn write_and_sync(file: &Path, directory: &Path) -> f64 {
    let content = fs::read(file).expect("the file is there");
    let copy = directory.join("copy");
    let taken = seconds(|| {
        let mut file = File::create(&copy).expect("the directory can be written to");
        io::Write::write_all(&mut file, &content).expect("there is room");
        file.sync_all().expect("the disk works");
    });
    fs::remove_file(copy).expect("it was just made");
    taken
}
