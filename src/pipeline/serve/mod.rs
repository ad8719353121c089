//! A server in one process: files come in over FTPS, and what comes in is computed.

mod credentials;

use std::ffi::CStr;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use credentials::Credentials;
pub use credentials::{StateFiles, prepare};
use tracing::{info, warn};

use super::access::UploadPolicy;
use super::compute::{ComputeRequest, Outcome};
use super::error::PipelineError;
use super::paths::{INBOX, PROBES};
use super::wakeup::{InterruptibleClock, Wakeup};
use super::watch::watch_on;
use crate::crypto::CertificateFingerprint;
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer, Stage};
use crate::foundation::root_dir::RootDir;
use crate::foundation::secret::Secret;
use crate::foundation::text::sanitize;
use crate::keystore::ServerIdentity;
use crate::transfer::serve::{FtpService, ServeOptions, ServerLimits};

/// What to serve, and how.
pub struct ServeRequest {
    /// The server's directory: the FTP root, with `inbox` and `outbox`.
    pub data: PathBuf,
    /// Where certificate, key and password lie.
    pub state: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The account.
    pub user: String,
    /// Its password, if it is not the one in the state.
    pub password: Option<Secret<String>>,
    /// Certificate and key, if they are not those in the state.
    pub identity: Option<ServerIdentity>,
    /// Files of secrets, beside the state.
    pub secrets: Vec<PathBuf>,
    /// Names and addresses that the certificate is to be for.
    pub names: Vec<String>,
    /// Those for a certificate that is made when none are asked for.
    pub usual_names: Vec<String>,
    /// Ports of data connections.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// The address that clients reach it at, if that is another one than it has.
    pub public_address: Option<Ipv4Addr>,
    /// Whether logins and data are taken in plain, too.
    pub plain: bool,
    /// Bounds of what clients may do.
    pub limits: ServerLimits,
    /// Whether datasets are computed when they arrive.
    pub compute: bool,
    /// Leaves datasets in place when their totals are there.
    pub keep: bool,
}

/// How clients reach the server.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// The account.
    pub user: String,
    /// Whether clients come under TLS.
    pub secure: bool,
    /// The certificate's.
    pub fingerprint: CertificateFingerprint,
    /// What clients need.
    pub files: StateFiles,
}

/// Serves until `observer` wants an end; `ready` hears of it when clients can come.
///
/// # Errors
/// [`PipelineError`]: it cannot begin.
pub fn serve(
    request: ServeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    ready: impl FnOnce(&Serving),
) -> Result<(), PipelineError> {
    make_data(&request.data)?;
    remove_probes(&request.data);
    let bell = Arc::new(Wakeup::default());
    let (data, keep, computes) = (request.data.clone(), request.keep, request.compute);
    let logged = Logged::new(observer, &data)?;
    let (service, serving) = open(request, Arc::clone(&bell))?;
    let compute = ComputeRequest { data: data.clone(), keep, retry: false, quota: service.quota() };
    ready(&serving);
    let clock = InterruptibleClock { clock, wakeup: &bell, observer: &logged };
    if computes {
        watch_on(&compute, &clock, &logged, |job, outcome| match outcome {
            Outcome::Failed { reason, .. } => warn!(%job, reason, "not computed"),
            _ => info!(%job, ?outcome, "computed"),
        });
    }
    while logged.check_cancelled().is_ok() {
        clock.sleep(Duration::MAX);
    }
    drop(service);
    info!("stopped");
    logged.verdict()
}

/// Says in the log what others say on a terminal, and ends the work when another directory takes the place of the one that
/// is served: clients would go on to upload where nobody looks.
struct Logged<'o> {
    observer: &'o dyn Observer,
    data: &'o Path,
    served: (u64, u64),
    replaced: AtomicBool,
}

impl<'o> Logged<'o> {
    fn new(observer: &'o dyn Observer, data: &'o Path) -> Result<Self, PipelineError> {
        let served = identity(data).map_err(PipelineError::file(data.display()))?;
        Ok(Self { observer, data, served, replaced: AtomicBool::new(false) })
    }

    fn verdict(&self) -> Result<(), PipelineError> {
        if !self.replaced.load(Ordering::Relaxed) {
            return Ok(());
        }
        let reason = "another directory has taken its place while it was served; start again to serve that one";
        Err(PipelineError::file(self.data.display())(io::Error::other(reason)))
    }
}

/// Device and number of what lies at `path`.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let meta = fs::metadata(path)?;
    Ok((meta.dev(), meta.ino()))
}

impl Observer for Logged<'_> {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}

    fn notice(&self, message: &str) {
        warn!("{}", sanitize(message));
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        // One that is away may come back.
        if identity(self.data).is_ok_and(|identity| identity != self.served) {
            self.replaced.store(true, Ordering::Relaxed);
            return Err(Cancelled);
        }
        self.observer.check_cancelled()
    }
}

fn open(mut request: ServeRequest, bell: Arc<Wakeup>) -> Result<(FtpService, Serving), PipelineError> {
    let Credentials { identity, password, files } = request.credentials()?;
    let options = ServeOptions {
        root: request.data,
        listen: request.listen,
        user: request.user.clone(),
        password,
        certificates: identity.certificate,
        key: identity.key,
        passive_ports: request.passive_ports,
        public_address: request.public_address,
        allow_plain: request.plain,
        limits: request.limits,
    };
    let service = FtpService::start(options, Arc::new(UploadPolicy(bell)))?;
    let (address, fingerprint) = (service.address(), service.fingerprint());
    info!(%address, %fingerprint, "serving");
    let secure = !request.plain;
    Ok((service, Serving { address, user: request.user, secure, fingerprint, files }))
}

/// Removes what pings have left that were killed; nobody is connected yet.
fn remove_probes(data: &Path) {
    let Ok(inbox) = RootDir::open(data).and_then(|root| root.directory(INBOX)) else { return };
    let Ok(entries) = inbox.entries() else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_bytes().starts_with(PROBES.as_bytes())) {
        // They lie in a folder, with nothing beside them. Whatever else is there stays.
        drop(remove_files(&inbox, entry.file_name()));
    }
}

fn remove_files(inbox: &RootDir, name: &CStr) -> io::Result<()> {
    let folder = inbox.directory(name)?;
    for entry in folder.entries()? {
        folder.remove_file(entry?.file_name())?;
    }
    inbox.remove_directory(name)
}

/// The data directory is made if it is not there (the one that it is in must be), and tried.
fn make_data(data: &Path) -> Result<(), PipelineError> {
    match fs::create_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && data.is_dir() => {}
        outcome => outcome.map_err(PipelineError::file(data.display()))?,
    }
    match tempfile::tempfile_in(data) {
        // Clients come to remove something, too.
        Err(error) if [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&error.kind()) => Ok(()),
        outcome => outcome.map(drop).map_err(PipelineError::file(data.display())),
    }
}
