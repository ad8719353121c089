//! The server: receives datasets over FTPS and computes their totals as they arrive.

mod credentials;
mod directory_watch;
mod log_notices;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use credentials::Credentials;
pub use credentials::{StateFiles, prepare};
use directory_watch::DirectoryWatch;
use log_notices::LogNotices;
use tracing::{info, warn};

use super::access::UploadPolicy;
use super::compute::{ComputeRequest, Outcome};
use super::error::PipelineError;
use super::paths::{INBOX, PROBES};
use super::wakeup::{InterruptibleClock, Wakeup};
use super::watch::watch_checked;
use crate::crypto::CertificateFingerprint;
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::root_dir::RootDir;
use crate::foundation::secret::Secret;
use crate::keystore::ServerIdentity;
use crate::transfer::serve::{FtpService, ServeOptions, ServerLimits};

/// The server's configuration.
pub struct ServeRequest {
    /// The data directory: the FTP root, with `inbox` and `outbox`.
    pub data: PathBuf,
    /// The state directory, with certificate, key and password.
    pub state: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// User name of the only account.
    pub user: String,
    /// Password of the account, if it is not the one in the state directory.
    pub password: Option<Secret<String>>,
    /// Certificate and key, if they are not those in the state directory.
    pub identity: Option<ServerIdentity>,
    /// Files of secrets outside the state directory.
    pub secrets: Vec<PathBuf>,
    /// Host names and addresses that the user requested for the certificate.
    pub names: Vec<String>,
    /// Host names and addresses for a new certificate if none were requested.
    pub default_names: Vec<String>,
    /// Ports for data connections.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// Address under which clients reach the server, if it differs from the local one.
    pub public_address: Option<Ipv4Addr>,
    /// Whether logins and data without TLS are accepted.
    pub plain: bool,
    /// Limits on clients.
    pub limits: ServerLimits,
    /// Whether totals are computed when datasets arrive.
    pub compute: bool,
    /// Whether datasets are kept after their totals are computed.
    pub keep: bool,
}

/// What clients need to reach the running server.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Address that the server listens on.
    pub address: SocketAddr,
    /// User name of the only account.
    pub user: String,
    /// Whether TLS is required.
    pub secure: bool,
    /// Fingerprint of the certificate.
    pub fingerprint: CertificateFingerprint,
    /// Files that clients need copies of.
    pub files: StateFiles,
}

/// Serves until `observer` cancels. Calls `ready` when clients can connect.
///
/// # Errors
/// [`PipelineError::File`] if the data directory cannot be used; [`PipelineError::SecretInData`];
/// [`PipelineError::KeyStore`] if the credentials cannot be used; [`PipelineError::Transfer`] if the address cannot be
/// listened on; [`PipelineError::DirectoryReplaced`] if the data directory was replaced.
pub fn serve(
    request: ServeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    ready: impl FnOnce(&Serving),
) -> Result<(), PipelineError> {
    create_data_directory(&request.data)?;
    remove_probes(&request.data);
    let wakeup = Arc::new(Wakeup::default());
    let (data, keep, computes) = (request.data.clone(), request.keep, request.compute);
    let directory = DirectoryWatch::new(observer.cancel, &data)?;
    let observer = observer.without_progress().with_notices(&LogNotices).with_cancel(&directory);
    let (service, serving) = start(request, Arc::clone(&wakeup))?;
    let compute = ComputeRequest { data: data.clone(), keep, retry: false, quota: service.quota() };
    ready(&serving);
    let clock = InterruptibleClock { clock, wakeup: &wakeup, cancel: observer.cancel };
    if computes {
        watch_checked(&compute, &clock, observer, |job, outcome| match outcome {
            Outcome::Failed { reason, .. } => warn!(%job, reason, "not computed"),
            _ => info!(%job, ?outcome, "computed"),
        });
    }
    while observer.check_cancelled().is_ok() {
        clock.sleep(Duration::MAX);
    }
    drop(service);
    info!("stopped");
    directory.require_not_replaced()
}

fn start(mut request: ServeRequest, wakeup: Arc<Wakeup>) -> Result<(FtpService, Serving), PipelineError> {
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
    let service = FtpService::start(options, Arc::new(UploadPolicy(wakeup)))?;
    let (address, fingerprint) = (service.address(), service.fingerprint());
    info!(%address, %fingerprint, "serving");
    let secure = !request.plain;
    Ok((service, Serving { address, user: request.user, secure, fingerprint, files }))
}

/// Removes the directories of pings that were killed. No client is connected yet.
fn remove_probes(data: &Path) {
    let Ok(inbox) = RootDir::open(data).and_then(|root| root.directory(INBOX)) else { return };
    let Ok(entries) = inbox.entries() else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_bytes().starts_with(PROBES.as_bytes())) {
        // A directory that contains anything but files is kept.
        let _ = inbox.remove_with_files(entry.file_name());
    }
}

/// Creates the data directory if it does not exist (its parent must), and checks that files can be created in it.
fn create_data_directory(data: &Path) -> Result<(), PipelineError> {
    match fs::create_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && data.is_dir() => {}
        outcome => outcome.map_err(PipelineError::file(data.display()))?,
    }
    match tempfile::tempfile_in(data) {
        // On a full disk the server still starts, so that clients can remove files.
        Err(error) if [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&error.kind()) => Ok(()),
        outcome => outcome.map(drop).map_err(PipelineError::file(data.display())),
    }
}
