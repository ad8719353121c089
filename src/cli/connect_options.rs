//! How servers are reached: options of every command that talks to one.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::console::Console;
use super::exit::Usage;
use super::secrets::{first_line, from_terminal, notice_if_exposed};
use super::terminal::is_interactive;
use crate::crypto::CertificateFingerprint;
use crate::foundation::observer::{Cancelled, Observer};
use crate::foundation::ownership::{self, OwnershipError};
use crate::foundation::secret::Secret;
use crate::keystore::KeyStore;
use crate::pipeline::PipelineError;
use crate::transfer::ftp::netrc;
use crate::transfer::{Connector, FtpAddress, ServerTrust, TransferError};

/// The variable that a password may be in.
const PASSWORD_VARIABLE: &str = "HESTAT_PASSWORD";

/// The password in the variable, without the line end that files and shells leave there.
pub(super) fn password_variable() -> Result<Option<Secret<String>>, Usage> {
    let Some(value) = std::env::var_os(PASSWORD_VARIABLE) else { return Ok(None) };
    let unreadable = |_| Usage(format!("the variable {PASSWORD_VARIABLE} is not UTF-8"));
    let password = Secret::new(value.into_string().map_err(unreadable)?);
    let password = password.expose().trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| Secret::new(password.to_owned())))
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Reaching the server")]
pub(super) struct ReachOptions {
    /// SHA-256 of the server's certificate, as hestat serve prints it
    #[arg(long, env = "HESTAT_SERVER_FINGERPRINT", value_name = "HEX", conflicts_with_all = ["server_certificate", "server_ca"])]
    server_fingerprint: Option<CertificateFingerprint>,
    /// File with exactly the server's certificate (PEM)
    #[arg(long, env = "HESTAT_SERVER_CERTIFICATE", value_name = "FILE", conflicts_with_all = ["server_fingerprint", "server_ca"])]
    server_certificate: Option<PathBuf>,
    /// File with the authorities that vouch for the server's name (PEM)
    #[arg(long, env = "HESTAT_SERVER_CA", value_name = "FILE", conflicts_with_all = ["server_fingerprint", "server_certificate"])]
    server_ca: Option<PathBuf>,
    /// The server's password is the first line of this file [else: $HESTAT_PASSWORD, the netrc file, the terminal]
    #[arg(long, env = "HESTAT_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File of passwords in the form of ftp and curl [default: ~/.netrc]
    #[arg(long, env = "HESTAT_NETRC", value_name = "FILE")]
    netrc: Option<PathBuf>,
    /// Seconds for which a server may do nothing
    #[arg(long, env = "HESTAT_SERVER_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    server_timeout: u64,
    /// Attempts in a row that may fail, beside the first one
    #[arg(long, env = "HESTAT_RETRIES", value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=1000))]
    retries: u32,
    /// Talk to ftp:// servers, which see the password and everything else in plain, as all in between do
    #[arg(long)]
    insecure_plain_ftp: bool,
}

impl ReachOptions {
    /// What reaches servers as these options say; servers are remembered in the state.
    pub(super) fn connector(&self, store: &KeyStore, console: &Console) -> anyhow::Result<Connector> {
        self.password_files().iter().for_each(|path| notice_if_exposed(path, console));
        let (options, typed, asker) = (self.clone(), Mutex::default(), console.asker());
        // Whoever asks for the end meanwhile has not said yes.
        let confirm = move |address: &FtpAddress, fingerprint: CertificateFingerprint| {
            asker.confirms(&first_meeting(address, fingerprint), || false).unwrap_or_default()
        };
        Ok(Connector {
            trust: self.trust().map_err(PipelineError::from)?,
            known_servers: Some(store.root().join("known_servers")),
            confirm: is_interactive().then(|| Box::new(confirm) as _),
            password: Box::new(move |address, observer| options.password(address, observer, &typed)),
            timeout: Duration::from_secs(self.server_timeout),
            retries: self.retries,
            plain: self.insecure_plain_ftp,
        })
    }

    /// The files that a password may come from.
    fn password_files(&self) -> Vec<PathBuf> {
        match &self.password_file {
            Some(path) => vec![path.clone()],
            None if matches!(password_variable(), Ok(Some(_))) => Vec::new(),
            None => self.netrc_file().into_iter().collect(),
        }
    }

    fn netrc_file(&self) -> Option<PathBuf> {
        let usual = || std::env::home_dir().map(|home| home.join(".netrc"));
        self.netrc.clone().or_else(usual)
    }

    fn trust(&self) -> Result<ServerTrust, TransferError> {
        match (&self.server_fingerprint, &self.server_certificate, &self.server_ca) {
            (Some(fingerprint), ..) => {
                Ok(ServerTrust::Pinned { fingerprints: vec![*fingerprint], by: "--server-fingerprint".into() })
            }
            (_, Some(path), _) => ServerTrust::from_certificates(path),
            (.., Some(path)) => ServerTrust::from_authorities(path),
            _ => Ok(ServerTrust::Known),
        }
    }

    /// The password of an account; what is typed is asked for once.
    fn password(
        &self,
        address: &FtpAddress,
        observer: &dyn Observer,
        typed: &Mutex<Option<Secret<String>>>,
    ) -> Result<Secret<String>, TransferError> {
        let location = || format!("{} at {}", address.user, address.endpoint());
        if let Some(path) = &self.password_file {
            return first_line(path).map_err(|error| unusable_file(location(), error));
        }
        let unusable = |Usage(reason)| TransferError::Password { location: location(), reason };
        if let Some(password) = password_variable().map_err(unusable)? {
            return Ok(password);
        }
        if let Some(password) = self.netrc_password(address)? {
            return Ok(password);
        }
        if !is_interactive() {
            return Err(TransferError::NoPassword { location: location() });
        }
        let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
        let password = match typed.take() {
            Some(password) => password,
            None => ask_password(&location(), observer)?,
        };
        Ok(Secret::new(typed.insert(password).expose().clone()))
    }

    fn netrc_password(&self, address: &FtpAddress) -> Result<Option<Secret<String>>, TransferError> {
        let Some(path) = self.netrc_file() else { return Ok(None) };
        if self.netrc.is_none() && path.try_exists().is_ok_and(|exists| !exists) {
            return Ok(None);
        }
        let mut text = Secret::new(String::new());
        match ownership::open(&path).and_then(|mut file| file.read_to_string(text.expose_mut())) {
            Ok(_) => Ok(netrc::find(text.expose(), &address.host, &address.user)),
            Err(error) if self.netrc.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, error)),
        }
    }
}

fn ask_password(location: &str, observer: &dyn Observer) -> Result<Secret<String>, TransferError> {
    let typed = from_terminal(&format!("Password of {location}: "), "password", "--password-file", observer);
    typed.map_err(|error| match error.downcast_ref() {
        Some(PipelineError::Cancelled(Cancelled)) => TransferError::Cancelled(Cancelled),
        _ => TransferError::Password { location: location.into(), reason: error.to_string() },
    })
}

/// A file that others can write to is no question of which password is right.
fn unusable_file(location: String, error: anyhow::Error) -> TransferError {
    match error.downcast() {
        Ok(PipelineError::File { place, source }) if OwnershipError::inside(&source).is_some() => {
            TransferError::Local { place, source }
        }
        Ok(error) => TransferError::Password { location, reason: format!("{:#}", anyhow::Error::new(error)) },
        Err(error) => TransferError::Password { location, reason: format!("{error:#}") },
    }
}

fn unreadable(path: &Path, source: io::Error) -> TransferError {
    TransferError::Local { place: path.display().to_string(), source }
}

fn first_meeting(address: &FtpAddress, fingerprint: CertificateFingerprint) -> String {
    format!(
        "The server at {} is not known here. Its certificate has the fingerprint\n  {fingerprint}\n\
         Is that what the server's owner told you (hestat serve prints it)? It will be remembered. [yes/no] ",
        address.endpoint()
    )
}
