//! Whether a server can be used, told step by step. What it does to it, it undoes, but for empty folders on the way.

use std::io::Write;
use std::path::Path;

use chrono::NaiveDateTime;
use rand_core::Rng;
use rustix::fs::statvfs;

use super::deadline_observer::{CLEANUP_MILLISECONDS, DeadlineObserver};
use super::error::PipelineError;
use super::paths::{INBOX, PROBES};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{NullObserver, Observer};
use crate::foundation::random;
use crate::transfer::{Connector, FtpAddress, FtpClient, Greeting, Location, RemoteStore, TransferError};

/// Bytes that are stored and fetched.
const PROBE: &[u8] = b"hestat ping: remove me\n";

/// One thing that was found out, or why it was not.
#[derive(Debug)]
pub struct Finding {
    /// What about.
    pub name: &'static str,
    /// What.
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

/// Tries everything that a job needs of the server at `location`; `told` hears of each step. Ends at the first that fails,
/// with what failed.
///
/// # Errors
/// The failed step's.
pub fn ping(
    location: &Location,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
    mut told: impl FnMut(&Finding),
) -> Result<(), PipelineError> {
    let mut tell = |finding: Finding| {
        told(&finding);
        finding.outcome.map(drop)
    };
    match location {
        Location::Directory(path) => ping_directory(path, location, connector, clock, observer, &mut tell),
        Location::Ftp(address) => ping_ftp(address, connector, clock, observer, &mut tell),
    }
}

/// Tells of a step; an error if it failed.
type Report<'t> = &'t mut dyn FnMut(Finding) -> Result<(), PipelineError>;

fn ping_directory(
    path: &Path,
    location: &Location,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
    tell: Report<'_>,
) -> Result<(), PipelineError> {
    let server = match connector.connect(location, observer) {
        Ok(server) => server,
        Err(error) => return tell(Finding::bad("reachable", error)),
    };
    tell(Finding::good("reachable", path.display().to_string()))?;
    let probe = Probe::new(location, connector, clock)?;
    tell(probe.writable(server.as_ref(), |_| Ok(())))?;
    let stat = statvfs(path).map_err(|error| PipelineError::file(path.display())(error.into()))?;
    tell(Finding::good("free space", free(stat.f_bavail.saturating_mul(stat.f_frsize))))
}

fn ping_ftp(
    address: &FtpAddress,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
    tell: Report<'_>,
) -> Result<(), PipelineError> {
    greeted(address, connector.greet(address, observer)).into_iter().try_for_each(&mut *tell)?;
    let server = match connector.connect_ftp(address, observer) {
        Ok(server) => server,
        Err(error) => return tell(Finding::bad("login", error)),
    };
    tell(Finding::good("login", format!("as {}", address.user)))?;
    let mut modified = None;
    let location = Location::Ftp(address.clone());
    tell(Probe::new(&location, connector, clock)?.writable(&server, |name| {
        modified = server.ask(&format!("MDTM {}", below(address, name)))?;
        Ok(())
    }))?;
    about(&server, modified.as_deref(), clock)?.into_iter().try_for_each(tell)
}

fn below(address: &FtpAddress, name: &str) -> String {
    if address.path.is_empty() { name.into() } else { format!("{}/{name}", address.path) }
}

/// What a greeting, or the lack of one, says.
fn greeted(address: &FtpAddress, greeting: Result<Greeting, TransferError>) -> Vec<Finding> {
    let reachable = || Finding::good("reachable", address.endpoint());
    match greeting {
        Ok(Greeting { peer, connected_in, tls, fingerprint, .. }) => {
            let reached = format!("{peer} in {:.1} ms", connected_in.as_secs_f64() * 1e3);
            let certificate = fingerprint.map_or_else(|| "none".into(), |fingerprint| fingerprint.to_string());
            vec![
                Finding::good("reachable", reached),
                Finding::good("TLS", tls.unwrap_or_else(|| "none: everybody in between reads along".into())),
                Finding::good("certificate", certificate),
            ]
        }
        Err(error @ (TransferError::UnknownCertificate { .. } | TransferError::ChangedCertificate { .. })) => {
            vec![reachable(), Finding::good("TLS", "offered"), Finding::bad("certificate", error)]
        }
        Err(error @ (TransferError::NoTls { .. } | TransferError::Tls { .. })) => {
            vec![reachable(), Finding::bad("TLS", error)]
        }
        Err(error @ TransferError::Plain { .. }) => vec![Finding::bad("TLS", error)],
        Err(error) => vec![Finding::bad("reachable", error)],
    }
}

/// A folder where datasets go, with a file in it, for as long as it takes to try.
struct Probe<'p> {
    folder: String,
    location: &'p Location,
    connector: &'p Connector,
    clock: &'p dyn Clock,
}

impl<'p> Probe<'p> {
    fn new(location: &'p Location, connector: &'p Connector, clock: &'p dyn Clock) -> Result<Self, PipelineError> {
        let folder = format!("{INBOX}/{PROBES}{:016x}", random::from_system()?.next_u64());
        Ok(Self { folder, location, connector, clock })
    }

    /// Stores it, fetches it, and removes it; `meanwhile` can look at it.
    fn writable(&self, server: &dyn RemoteStore, meanwhile: impl FnOnce(&str) -> Result<(), TransferError>) -> Finding {
        match self.try_write(server, meanwhile) {
            Ok(()) => Finding::good("writable", "stored, fetched and removed a file"),
            Err(error) => Finding::bad("writable", error),
        }
    }

    fn try_write(
        &self,
        server: &dyn RemoteStore,
        meanwhile: impl FnOnce(&str) -> Result<(), TransferError>,
    ) -> Result<(), PipelineError> {
        let name = format!("{}/probe", self.folder);
        let mut probe = tempfile::NamedTempFile::new().map_err(PipelineError::file(std::env::temp_dir().display()))?;
        probe.write_all(PROBE).map_err(PipelineError::file(probe.path().display()))?;
        let mut back = Vec::new();
        let silent = NullObserver::default();
        let stored = server.put(probe.path(), &name, &silent).and_then(|()| {
            meanwhile(&name)?;
            server.get(&name, PROBE.len() as u64, &mut back, &silent)
        });
        let removed = self.remove(server);
        stored?;
        removed?;
        if server.size(&name)?.is_some() {
            return Err(TransferError::Denied { place: format!("{name}, which it does not remove") }.into());
        }
        if back == PROBE {
            return Ok(());
        }
        let source = std::io::Error::other("what was stored comes back as something else");
        Err(TransferError::Server { place: name, source }.into())
    }

    /// Also when the work was stopped; then `server` is not talked to any more.
    fn remove(&self, server: &dyn RemoteStore) -> Result<(), TransferError> {
        match server.remove_folder(&self.folder) {
            Err(TransferError::Cancelled(_)) => {
                let silent = NullObserver::default();
                let until =
                    DeadlineObserver::new(&silent, self.clock, self.clock.now().saturating_add(CLEANUP_MILLISECONDS));
                self.connector.connect(self.location, &until)?.remove_folder(&self.folder)
            }
            outcome => outcome,
        }
    }
}

/// Room, version and time of an FTP server, as far as it tells.
fn about(server: &FtpClient<'_>, modified: Option<&str>, clock: &dyn Clock) -> Result<Vec<Finding>, PipelineError> {
    let own = server.ask("SITE HESTAT")?;
    let own = own.as_deref().and_then(|reply| reply.strip_prefix("200 ")).filter(|reply| reply.starts_with("hestat "));
    let room = own.and_then(|reply| reply.rsplit_once(" free=")).and_then(|(_, bytes)| bytes.parse().ok());
    let version = own.and_then(|reply| reply.split(" free=").next()).map(str::to_owned);
    let welcome = server.greeting().map(|greeting| greeting.welcome).unwrap_or_default();
    Ok(vec![
        Finding::good("free space", room.map_or_else(|| "the server does not tell".into(), free)),
        Finding::good("server", version.unwrap_or(welcome)),
        Finding::good(
            "clock",
            modified.and_then(|reply| difference(reply, clock.now())).unwrap_or("the server does not tell".into()),
        ),
    ])
}

/// How far the clock that made `reply` to MDTM (RFC 3659, section 3) is from `now`.
fn difference(reply: &str, now: u64) -> Option<String> {
    let digits = reply.strip_prefix("213 ")?.get(..14)?;
    let theirs = NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?.and_utc().timestamp();
    let ours = i64::try_from(now / 1000).ok()?;
    Some(match theirs - ours {
        -1..=1 => "the same, within a second".into(),
        ahead @ 2.. => format!("{ahead} seconds ahead"),
        behind => format!("{} seconds behind", -behind),
    })
}

fn free(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_by_what_the_server_writes() {
        let now = 1_700_000_000_000; // 2023-11-14 22:13:20
        let told = |reply: &str| difference(reply, now);
        assert_eq!(told("213 20231114221320").as_deref(), Some("the same, within a second"));
        assert_eq!(told("213 20231114221420.250").as_deref(), Some("60 seconds ahead"));
        assert_eq!(told("213 20231114211320").as_deref(), Some("3600 seconds behind"));
        assert!(["", "213 ", "213 2023", "550 no", "213 99999999999999"].iter().all(|reply| told(reply).is_none()));
    }
}
