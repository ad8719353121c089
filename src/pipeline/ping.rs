//! Checks step by step whether a server can be used. Removes everything that it stores on the server, except new empty
//! directories above it.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use rand_core::Rng;

use super::deadline::DeadlineCancel;
use super::error::PipelineError;
use super::paths::{INBOX, PROBES};
use crate::foundation::clock::Clock;
use crate::foundation::fs::free_space;
use crate::foundation::observer::Observer;
use crate::foundation::random;
use crate::transfer::{Connector, FtpAddress, FtpClient, Greeting, Location, RemoteStore, TransferError};

/// The content of the file that is stored and fetched.
const PROBE: &[u8] = b"hestat ping: remove me\n";

/// Shown if the server does not support the command that reports this.
const NOT_REPORTED: &str = "not reported by the server";

/// The result of one step.
#[derive(Debug)]
pub struct Finding {
    /// What was checked, such as `certificate`.
    pub name: &'static str,
    /// What was found, or why the check failed.
    pub outcome: Result<String, PipelineError>,
}

impl Finding {
    fn good(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, outcome: Ok(text.into()) }
    }

    fn bad(name: &'static str, error: impl Into<PipelineError>) -> Self {
        Self { name, outcome: Err(error.into()) }
    }
}

/// Tries everything that a job needs of the server at `location`, and passes each finding to `on_finding`. Stops at the
/// first step that fails.
///
/// # Errors
/// The error of the failed step.
pub fn ping(
    location: &Location,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
    mut on_finding: impl FnMut(&Finding),
) -> Result<(), PipelineError> {
    let mut report = |finding: Finding| {
        on_finding(&finding);
        finding.outcome.map(|_| ())
    };
    match location {
        Location::Directory(path) => ping_directory(path, location, connector, clock, observer, &mut report),
        Location::Ftp(address) => ping_ftp(address, connector, clock, observer, &mut report),
    }
}

/// Reports a finding. Returns its error if the step failed.
type ReportFinding<'r> = &'r mut dyn FnMut(Finding) -> Result<(), PipelineError>;

fn ping_directory(
    path: &Path,
    location: &Location,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
    report: ReportFinding<'_>,
) -> Result<(), PipelineError> {
    let server = match connector.connect(location, observer) {
        Ok(server) => server,
        Err(error) => return report(Finding::bad("reachable", error)),
    };
    report(Finding::good("reachable", path.display().to_string()))?;
    let probe = Probe::new(location, connector, clock)?;
    report(probe.writable(server.as_ref(), |_| Ok(())))?;
    let free = free_space(path).map_err(PipelineError::file(path.display()))?;
    report(Finding::good("free space", free.map_or_else(|| NOT_REPORTED.into(), gigabytes)))
}

fn ping_ftp(
    address: &FtpAddress,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
    report: ReportFinding<'_>,
) -> Result<(), PipelineError> {
    connection_findings(address, connector.greet(address, observer)).into_iter().try_for_each(&mut *report)?;
    let server = match connector.connect_ftp(address, observer) {
        Ok(server) => server,
        Err(error) => return report(Finding::bad("login", error)),
    };
    report(Finding::good("login", format!("as {}", address.user)))?;
    let mut modified = None;
    let location = Location::Ftp(address.clone());
    report(Probe::new(&location, connector, clock)?.writable(&server, |name| {
        modified = server.modified(name)?;
        Ok(())
    }))?;
    server_findings(&server, modified, clock)?.into_iter().try_for_each(report)
}

/// Assigns the outcome of connecting to the steps `reachable`, `TLS` and `certificate`.
fn connection_findings(address: &FtpAddress, greeting: Result<Greeting, TransferError>) -> Vec<Finding> {
    let reachable = || Finding::good("reachable", address.endpoint());
    match greeting {
        Ok(Greeting { peer, connected_in, tls, fingerprint, .. }) => {
            let reached = format!("{peer} in {:.1} ms", connected_in.as_secs_f64() * 1e3);
            let certificate = fingerprint.map_or_else(|| "none".into(), |fingerprint| fingerprint.to_string());
            vec![
                Finding::good("reachable", reached),
                Finding::good("TLS", tls.unwrap_or_else(|| "none: others on the network can read everything".into())),
                Finding::good("certificate", certificate),
            ]
        }
        Err(error @ (TransferError::UnknownCertificate { .. } | TransferError::CertificateMismatch { .. })) => {
            vec![reachable(), Finding::good("TLS", "offered"), Finding::bad("certificate", error)]
        }
        Err(error @ (TransferError::NoTls { .. } | TransferError::Tls { .. })) => {
            vec![reachable(), Finding::bad("TLS", error)]
        }
        Err(error @ TransferError::Plain { .. }) => vec![Finding::bad("TLS", error)],
        Err(error) => vec![Finding::bad("reachable", error)],
    }
}

/// Free space, version and clock of an FTP server.
fn server_findings(
    server: &FtpClient<'_>,
    modified: Option<DateTime<Utc>>,
    clock: &dyn Clock,
) -> Result<Vec<Finding>, PipelineError> {
    let (version, free_bytes) = match server.server_info()? {
        Some(info) => (Some(info.version), info.free_bytes),
        None => (server.greeting().map(|greeting| greeting.welcome), None),
    };
    let difference = modified.map(|modified| clock_difference(modified, clock.now()));
    Ok(vec![
        Finding::good("free space", free_bytes.map_or_else(|| NOT_REPORTED.into(), gigabytes)),
        Finding::good("server", version.unwrap_or_else(|| NOT_REPORTED.into())),
        Finding::good("clock", difference.unwrap_or_else(|| NOT_REPORTED.into())),
    ])
}

/// A temporary file in a new directory of the inbox.
struct Probe<'p> {
    directory: String,
    location: &'p Location,
    connector: &'p Connector,
    clock: &'p dyn Clock,
}

impl<'p> Probe<'p> {
    fn new(location: &'p Location, connector: &'p Connector, clock: &'p dyn Clock) -> Result<Self, PipelineError> {
        let directory = format!("{INBOX}/{PROBES}{:016x}", random::from_system()?.next_u64());
        Ok(Self { directory, location, connector, clock })
    }

    /// Stores, fetches and removes the file. `inspect` is called with its name while it is on the server.
    fn writable(&self, server: &dyn RemoteStore, inspect: impl FnOnce(&str) -> Result<(), TransferError>) -> Finding {
        match self.try_write(server, inspect) {
            Ok(()) => Finding::good("writable", "stored, fetched and removed a file"),
            Err(error) => Finding::bad("writable", error),
        }
    }

    fn try_write(
        &self,
        server: &dyn RemoteStore,
        inspect: impl FnOnce(&str) -> Result<(), TransferError>,
    ) -> Result<(), PipelineError> {
        let name = format!("{}/probe", self.directory);
        let mut probe = tempfile::NamedTempFile::new().map_err(PipelineError::file(std::env::temp_dir().display()))?;
        probe.write_all(PROBE).map_err(PipelineError::file(probe.path().display()))?;
        let mut fetched = Vec::new();
        let stored = server.put(probe.path(), &name, Observer::null()).and_then(|()| {
            inspect(&name)?;
            server.get(&name, PROBE.len() as u64, &mut fetched, Observer::null())
        });
        let removed = self.remove(server);
        stored?;
        removed?;
        if server.size(&name)?.is_some() {
            return Err(TransferError::Denied { path: name, reason: "it was not removed".into() }.into());
        }
        if fetched == PROBE {
            return Ok(());
        }
        let source = io::Error::other("the fetched file differs from the stored one");
        Err(TransferError::Server { path: name, source }.into())
    }

    /// Removes the file and its directory. After a cancellation `server` is disconnected, so this connects again.
    fn remove(&self, server: &dyn RemoteStore) -> Result<(), TransferError> {
        match server.remove_directory(&self.directory) {
            Err(TransferError::Cancelled(_)) => {
                let deadline = DeadlineCancel::for_cleanup(self.clock);
                let observer = Observer::null().with_cancel(&deadline);
                self.connector.connect(self.location, observer)?.remove_directory(&self.directory)
            }
            outcome => outcome,
        }
    }
}

/// Describes how far the server's clock was from `now`, in milliseconds since 1970, when it stored the probe.
fn clock_difference(modified: DateTime<Utc>, now: u64) -> String {
    match i128::from(modified.timestamp()) - i128::from(now / 1000) {
        -1..=1 => "the same, within a second".into(),
        ahead @ 2.. => format!("{ahead} seconds ahead"),
        behind => format!("{} seconds behind", -behind),
    }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_in_seconds() {
        let now = 1_700_000_000_000; // 2023-11-14 22:13:20
        let described = |text: &str| clock_difference(text.parse().unwrap(), now);
        assert_eq!(described("2023-11-14T22:13:20Z"), "the same, within a second");
        assert_eq!(described("2023-11-14T22:14:20Z"), "60 seconds ahead");
        assert_eq!(described("2023-11-14T21:13:20Z"), "3600 seconds behind");
    }
}
