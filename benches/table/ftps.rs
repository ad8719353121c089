//! File transfers over FTPS on the loopback interface. References: the same bytes through rustls alone, and vsftpd with
//! lftp.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use hestat::foundation::observer::Observer;

use crate::cores::{best, seconds};
use crate::rows::{Row, Target, gigabytes, time};
use crate::service::Service;
use crate::tls_baseline::TlsBaseline;
use crate::vsftpd::Vsftpd;

const ROUNDS: usize = 7;
const NAME: &str = "inbox/job/dataset.hes";
/// A directory on a file system in memory.
const RAM_DISK: &str = "/dev/shm";

/// Measures uploads and downloads of `file` with hestat's client and server, whose root is in `directory`, and with
/// vsftpd and lftp if they are available.
pub(crate) fn rows(file: &Path, directory: &Path, baseline: &TlsBaseline) -> Vec<Row> {
    let bytes = fs::metadata(file).expect("the file exists").len();
    let (ram_disk, vsftpd) = (tempfile::tempdir_in(RAM_DISK).ok(), Vsftpd::start());
    // `best` ignores NaN, so the best of a measurement that is not available stays infinite.
    let [login, put, get, put_to_ram, sync, copy, copy_file, vsftpd_put, vsftpd_get] = best(ROUNDS, || {
        let [login, put, get] = transfers(file, directory);
        let [_, put_to_ram, _] = ram_disk.as_ref().map_or([f64::NAN; 3], |root| transfers(file, root.path()));
        let [vsftpd_put, vsftpd_get] = vsftpd.as_ref().map_or([f64::NAN; 2], |vsftpd| vsftpd.transfers(file));
        let (sync, copy) = (write_and_sync(file, directory), baseline.copy(bytes));
        let copy_file = baseline.copy_file(file, &directory.join("copy"));
        [login, put, get, put_to_ram, sync, copy, copy_file, vsftpd_put, vsftpd_get]
    });
    let rate = |seconds| gigabytes(bytes as f64 / seconds);
    let compare = |name: &str, time: f64, reference_time: f64, reference: &str| {
        let row = Row::new(name, rate(time)).reference(format!("{}: {reference}", rate(reference_time)));
        row.ratio(format!("{:.2}", reference_time / time))
    };
    let with_memory = |name: &str, time: f64| compare(name, time, copy, "rustls alone, memory to memory");
    let with_vsftpd = |name: &str, time: f64, vsftpd_time: f64| {
        if vsftpd_time.is_finite() {
            compare(name, time, vsftpd_time, "vsftpd + lftp")
        } else {
            Row::new(name, rate(time)).reference("vsftpd or lftp not installed, or not run as root")
        }
    };
    let rows = [
        Some(
            compare("FTPS upload of 272 MB, synced", put, copy_file, "rustls alone, file to disk")
                .target(Target::AtLeast(0.5, ""), copy_file / put),
        ),
        Some(with_memory("· the same upload", put)),
        put_to_ram.is_finite().then(|| with_memory("· upload to a RAM disk", put_to_ram)),
        Some(Row::new("· writing and syncing 272 MB without FTPS", rate(sync))),
        Some(with_vsftpd("· the same upload", put, vsftpd_put)),
        Some(with_memory("FTPS download of 272 MB", get).target(Target::AtLeast(0.5, ""), copy / get)),
        Some(with_vsftpd("· the same download", get, vsftpd_get)),
        Some(Row::new("FTPS connect and login", time(login))),
    ];
    rows.into_iter().flatten().collect()
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

/// Returns the seconds for writing and syncing the content of `file`, without a network.
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
