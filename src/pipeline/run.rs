//! All steps in one process: the same code as the separate commands, through a server of its own or a real one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::access::UploadPolicy;
use super::check::check;
use super::compute::{ComputeRequest, Outcome, compute};
use super::deadline_observer::{CLEANUP_MILLISECONDS, DeadlineObserver};
use super::error::PipelineError;
use super::forget::clean_server;
use super::init::{InitRequest, init};
use super::result::{Decrypted, fetch};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{NullObserver, Observer};
use crate::foundation::random;
use crate::foundation::secret::Secret;
use crate::foundation::temp_dir::PrivateTempDir;
use crate::keystore::server::draw_password;
use crate::keystore::{JobRecord, KeyStore, ServerIdentity};
use crate::statistics::{Comparison, Statistic};
use crate::table::{CsvSource, Dialect, Selection};
use crate::transfer::serve::{FtpService, ServeOptions};
use crate::transfer::{ConnectParameters, Connector, FtpAddress, Location, ServerTrust};

/// How the names of its temporary directories begin.
const PREFIX: &str = "hestat-run-";

/// The account of a server that nobody else knows of.
const USER: &str = "hestat";

/// What to run the whole job on.
pub struct RunRequest {
    /// The table.
    pub source: CsvSource,
    /// How it is written.
    pub dialect: Dialect,
    /// Which of its columns.
    pub selection: Selection,
    /// Which figures are wanted.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Whether to compare with the clear data.
    pub check: bool,
    /// The server that computes; without one, it is done here.
    pub server: Option<(Location, Connector)>,
}

/// Encrypts, computes and decrypts; the keys are gone when it returns, and so is the ciphertext, as far as the server removes it.
///
/// # Errors
/// [`PipelineError`] of whichever step failed.
pub fn run(
    request: RunRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<(Decrypted, Option<Comparison>), PipelineError> {
    let directory = directory(observer)?;
    let store = KeyStore::new(directory.path().join("client"));
    let RunRequest { source, dialect, selection, statistics, check: compare, server } = request;
    let (own, (server, connector)) = match server {
        Some(server) => (None, server),
        None => {
            let own = EmbeddedServer::start(directory.path().join("server"))?;
            let reached = (own.location(), own.connector());
            (Some(own), reached)
        }
    };
    let request = InitRequest { source, dialect, selection, statistics, server, passphrase: None };
    let clean_up = |record: &JobRecord| {
        if own.is_none() {
            clean_up(record, &connector, clock, observer);
        }
    };
    let record = match init(&request, &store, &connector, clock, observer) {
        Ok(initiated) => initiated.record,
        // Its key goes with this function, so there is nothing to go on with.
        Err(PipelineError::Upload { job, source }) => {
            if let Ok(job) = store.open(job) {
                clean_up(job.record());
            }
            return Err(source.into());
        }
        Err(error) => return Err(error),
    };
    let wait = match &own {
        Some(own) => own.compute(clock, observer).map(|()| None)?,
        None => Some(Duration::MAX),
    };
    let answer = fetch(record.job, wait, &store, &connector, clock, observer);
    // Before anything is done with the answer: how long that takes is nothing for the server.
    clean_up(&record);
    let decrypted = answer.and_then(|answer| answer.open(None)).map_err(in_run)?;
    let comparison = compare.then(|| check(&decrypted, &request.source, observer)).transpose()?;
    Ok((decrypted, comparison))
}

/// Of what is wrong with an answer, nothing can be tried again later.
fn in_run(error: PipelineError) -> PipelineError {
    match error {
        PipelineError::Cancelled(_) | PipelineError::Transfer(_) => error,
        error => PipelineError::InRun(Box::new(error)),
    }
}

/// For the keys, which go with the process; those of processes that were killed go now.
fn directory(observer: &dyn Observer) -> Result<PrivateTempDir, PipelineError> {
    if PrivateTempDir::remove_stale(PREFIX) > 0 {
        observer.notice("an earlier run was killed: its key is destroyed; its files may still be on its server");
    }
    PrivateTempDir::new(PREFIX).map_err(PipelineError::file(std::env::temp_dir().display()))
}

/// Removes what a server of others has of the job, also when the work was stopped.
fn clean_up(record: &JobRecord, connector: &Connector, clock: &dyn Clock, observer: &dyn Observer) {
    let silent = NullObserver::default();
    let until = DeadlineObserver::new(&silent, clock, clock.now().saturating_add(CLEANUP_MILLISECONDS));
    if clean_server(record, connector, &until).is_err() {
        observer.notice(&format!("files of job {} may still be on the server, unreadable without the key", record.job));
    }
}

/// A server on a free port of the loopback interface, with a certificate and a password that are as old as it is.
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
        Location::Ftp(FtpAddress { secure: true, user, host, port: address.port(), path: String::new() })
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

    fn compute(&self, clock: &dyn Clock, observer: &dyn Observer) -> Result<(), PipelineError> {
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
