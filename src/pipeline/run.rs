//! Runs all steps in one process, with an embedded or a remote server, by the same code as the separate commands.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::access::UploadPolicy;
use super::check::check;
use super::compute::{ComputeRequest, Outcome, compute};
use super::deadline::DeadlineCancel;
use super::error::PipelineError;
use super::forget::clean_server;
use super::init::{InitRequest, init};
use super::result::{Decrypted, fetch};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::random;
use crate::foundation::secret::Secret;
use crate::foundation::temp_dir::PrivateTempDir;
use crate::keystore::server::draw_password;
use crate::keystore::{JobRecord, KeyStore, ServerIdentity};
use crate::statistics::{Comparison, Statistic};
use crate::table::{CsvSource, Dialect, Notice, Selection};
use crate::transfer::serve::{FtpService, ServeOptions};
use crate::transfer::{ConnectParameters, Connector, FtpAddress, Location, ServerTrust};

/// Prefix of the temporary directories' names.
const TEMP_DIR_PREFIX: &str = "hestat-run-";

/// User name on the embedded server.
const USER: &str = "hestat";

/// The table to run a job on, and how.
pub struct RunRequest {
    /// The table.
    pub source: CsvSource,
    /// The dialect of the table. What it leaves open is detected.
    pub dialect: Dialect,
    /// The columns to encrypt.
    pub selection: Selection,
    /// Formats a notice about how the table was read.
    pub describe: fn(&Notice) -> String,
    /// The statistics to compute.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Whether to compare the result with the clear data.
    pub check: bool,
    /// The server that computes; `None` for an embedded one.
    pub server: Option<(Location, Connector)>,
}

/// Encrypts, computes and decrypts. When this returns, the keys are destroyed, and the ciphertext is removed if the
/// server permits it.
///
/// # Errors
/// The error of the step that failed; [`PipelineError::InRun`] if it is about the totals.
pub fn run(
    request: RunRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<(Decrypted, Option<Comparison>), PipelineError> {
    let directory = create_directory(observer)?;
    let store = KeyStore::new(directory.path().join("client"));
    let RunRequest { source, dialect, selection, describe, statistics, check: compare, server } = request;
    let (embedded, (server, connector)) = match server {
        Some(server) => (None, server),
        None => {
            let embedded = EmbeddedServer::start(directory.path().join("server"))?;
            let server = (embedded.location(), embedded.connector());
            (Some(embedded), server)
        }
    };
    let request = InitRequest { source, dialect, selection, describe, statistics, server, passphrase: None };
    let clean_up = |record: &JobRecord| {
        if embedded.is_none() {
            clean_up(record, &connector, clock, observer);
        }
    };
    let record = match init(&request, &store, &connector, clock, observer) {
        Ok(initiated) => initiated.record,
        // The key is destroyed with this function, so the upload cannot be resumed.
        Err(PipelineError::Upload { job, source }) => {
            if let Ok(job) = store.open(job) {
                clean_up(job.record());
            }
            return Err(source.into());
        }
        Err(error) => return Err(error),
    };
    let wait = match &embedded {
        Some(server) => server.compute(clock, observer).map(|()| None)?,
        None => Some(Duration::MAX),
    };
    let fetched = fetch(record.job, wait, &store, &connector, clock, observer);
    // Before the totals are verified, so that the server can observe neither the outcome nor the duration.
    clean_up(&record);
    let decrypted = fetched.and_then(|fetched| fetched.open(None)).map_err(in_run)?;
    let comparison = compare.then(|| check(&decrypted, &request.source, observer)).transpose()?;
    Ok((decrypted, comparison))
}

/// Marks errors about the totals: the job is not kept, so it cannot be fetched again.
fn in_run(error: PipelineError) -> PipelineError {
    match error {
        PipelineError::Cancelled(_) | PipelineError::Transfer(_) => error,
        error => PipelineError::InRun(Box::new(error)),
    }
}

/// Creates the temporary directory for the keys, and removes those of killed processes.
fn create_directory(observer: Observer<'_>) -> Result<PrivateTempDir, PipelineError> {
    if PrivateTempDir::remove_stale(TEMP_DIR_PREFIX) > 0 {
        observer.notice("an earlier run was killed; its key is destroyed, but its files may still be on its server");
    }
    PrivateTempDir::new(TEMP_DIR_PREFIX).map_err(PipelineError::file(std::env::temp_dir().display()))
}

/// Removes the job's files on a remote server, even if the work was cancelled.
fn clean_up(record: &JobRecord, connector: &Connector, clock: &dyn Clock, observer: Observer<'_>) {
    let deadline = DeadlineCancel::for_cleanup(clock);
    if clean_server(record, connector, Observer::null().with_cancel(&deadline)).is_err() {
        observer.notice(&format!("files of job {} may still be on the server, unreadable without the key", record.job));
    }
}

/// A server on a free port of the loopback interface, with its own new certificate and password.
struct EmbeddedServer {
    service: FtpService,
    password: Secret<String>,
    data: PathBuf,
}

impl EmbeddedServer {
    fn start(data: PathBuf) -> Result<Self, PipelineError> {
        fs::create_dir(&data).map_err(PipelineError::file(data.display()))?;
        let identity = ServerIdentity::generate(&["localhost".into()])?;
        let password = draw_password(&mut random::from_system()?);
        let given = Secret::new(password.expose().clone());
        let options = ServeOptions::on_loopback(data.clone(), USER, given, identity.certificate, identity.key);
        let service = FtpService::start(options, Arc::new(UploadPolicy(Arc::default())))?;
        Ok(Self { service, password, data })
    }

    fn location(&self) -> Location {
        let address = self.service.address();
        let (user, host) = (USER.into(), address.ip().to_string());
        Location::Ftp(FtpAddress { uses_tls: true, user, host, port: address.port(), path: String::new() })
    }

    fn connector(&self) -> Connector {
        let password = Secret::new(self.password.expose().clone());
        Connector::new(ConnectParameters {
            trust: ServerTrust::Pinned {
                fingerprints: vec![self.service.fingerprint()],
                source: "this process".into(),
            },
            password: Box::new(move |_, _| Ok(Secret::new(password.expose().clone()))),
            ..ConnectParameters::default()
        })
    }

    fn compute(&self, clock: &dyn Clock, observer: Observer<'_>) -> Result<(), PipelineError> {
        for (job, outcome) in compute(
            &ComputeRequest { data: self.data.clone(), keep: false, retry: false, quota: self.service.quota() },
            clock,
            observer,
        )? {
            if let Outcome::Failed { reason, .. } = outcome {
                return Err(PipelineError::Failed { job, reason });
            }
        }
        Ok(())
    }
}
