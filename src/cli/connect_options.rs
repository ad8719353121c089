//! How to connect to a server: options of the commands that do.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::console::Console;
use super::exit::Usage;
use super::secrets::{first_line, from_terminal, notice_if_exposed, read_bounded};
use super::terminal::is_interactive;
use crate::crypto::CertificateFingerprint;
use crate::foundation::observer::{Cancel, Cancelled};
use crate::foundation::ownership::OwnershipError;
use crate::foundation::secret::Secret;
use crate::keystore::KeyStore;
use crate::pipeline::PipelineError;
use crate::transfer::ftp::netrc;
use crate::transfer::location::ParseLocationError;
use crate::transfer::{ConnectParameters, Connector, FtpAddress, Location, ServerTrust, TransferError};

/// The environment variable with the server's password.
const PASSWORD_VARIABLE: &str = "HESTAT_PASSWORD";

/// Returns the password in the environment, without the line ending that files and shells leave there.
pub(super) fn password_variable() -> Result<Option<Secret<String>>, Usage> {
    let Some(value) = std::env::var_os(PASSWORD_VARIABLE) else { return Ok(None) };
    let not_utf8 = |_| Usage(format!("the variable {PASSWORD_VARIABLE} is not UTF-8"));
    let password = Secret::new(value.into_string().map_err(not_utf8)?);
    let password = password.expose().trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| Secret::new(password.to_owned())))
}

/// Parses the URL of a server. The error includes the next step.
pub(super) fn parse_location(text: &str) -> Result<Location, String> {
    text.parse().map_err(|error| {
        let next_step = match &error {
            ParseLocationError::NotUrl(_) | ParseLocationError::UnknownScheme(_) => {
                "use ftps://USER@HOST:PORT or file:///DIR"
            }
            ParseLocationError::RelativePath(_) => "use file:///DIR (three slashes)",
            ParseLocationError::Password => "use ftps://USER@HOST:PORT and --password-file",
            ParseLocationError::NoUser | ParseLocationError::InvalidHost(_) | ParseLocationError::InvalidCharacter => {
                "use ftps://USER@HOST:PORT"
            }
        };
        format!("{error}; {next_step}")
    })
}

/// How to authenticate the server, how to log in, and how long to try.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection to the server")]
pub(super) struct ConnectOptions {
    /// SHA-256 of the server's certificate, as hestat serve prints it
    #[arg(
        long,
        env = "HESTAT_SERVER_FINGERPRINT",
        value_name = "HEX",
        conflicts_with_all = ["server_certificate", "server_ca"]
    )]
    server_fingerprint: Option<CertificateFingerprint>,
    /// File with the server's own certificate (PEM)
    #[arg(
        long,
        env = "HESTAT_SERVER_CERTIFICATE",
        value_name = "FILE",
        conflicts_with_all = ["server_fingerprint", "server_ca"]
    )]
    server_certificate: Option<PathBuf>,
    /// File with the certificate authorities to trust for the server's name (PEM)
    #[arg(
        long,
        env = "HESTAT_SERVER_CA",
        value_name = "FILE",
        conflicts_with_all = ["server_fingerprint", "server_certificate"]
    )]
    server_ca: Option<PathBuf>,
    /// File whose first line is the server's password [else: $HESTAT_PASSWORD, the netrc file, the terminal]
    #[arg(long, env = "HESTAT_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File with passwords in the format of ftp and curl [default: ~/.netrc]
    #[arg(long, env = "HESTAT_NETRC", value_name = "FILE")]
    netrc: Option<PathBuf>,
    /// Give up if the server makes no progress for this many seconds
    #[arg(
        long,
        env = "HESTAT_SERVER_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    server_timeout: u64,
    /// How often to retry after a temporary failure; progress resets the count
    #[arg(
        long,
        env = "HESTAT_RETRIES",
        value_name = "NUMBER",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(0..=1000)
    )]
    retries: u32,
    /// Allow ftp:// servers; the password and everything else can be read on the network
    #[arg(long)]
    insecure_plain_ftp: bool,
}

impl ConnectOptions {
    /// Returns a connector with these options. It remembers servers in the state directory.
    pub(super) fn connector(&self, store: &KeyStore, console: &Console) -> anyhow::Result<Connector> {
        self.password_files().iter().for_each(|path| notice_if_exposed(path, console));
        let (options, typed, confirmer) = (self.clone(), Mutex::default(), console.confirmer());
        let confirm = move |address: &FtpAddress, fingerprint: CertificateFingerprint| {
            // If the user cancels, the certificate is not trusted.
            confirmer.confirms(&trust_question(address, fingerprint), || false).unwrap_or(false)
        };
        Ok(Connector::new(ConnectParameters {
            trust: self.trust().map_err(PipelineError::from)?,
            known_servers: Some(store.root().join("known_servers")),
            confirm: is_interactive().then(|| Box::new(confirm) as _),
            password: Box::new(move |address, observer| options.password(address, observer.cancel, &typed)),
            timeout: Duration::from_secs(self.server_timeout),
            retries: self.retries,
            allow_plain: self.insecure_plain_ftp,
        }))
    }

    /// Returns the files that the password may come from.
    fn password_files(&self) -> Vec<PathBuf> {
        match &self.password_file {
            Some(path) => vec![path.clone()],
            None if matches!(password_variable(), Ok(Some(_))) => Vec::new(),
            None => self.netrc_file().into_iter().collect(),
        }
    }

    fn netrc_file(&self) -> Option<PathBuf> {
        let default = || std::env::home_dir().map(|home| home.join(".netrc"));
        self.netrc.clone().or_else(default)
    }

    fn trust(&self) -> Result<ServerTrust, TransferError> {
        match (&self.server_fingerprint, &self.server_certificate, &self.server_ca) {
            (Some(fingerprint), ..) => {
                Ok(ServerTrust::Pinned { fingerprints: vec![*fingerprint], source: "--server-fingerprint".into() })
            }
            (_, Some(path), _) => ServerTrust::from_certificates(path),
            (.., Some(path)) => ServerTrust::from_authorities(path),
            _ => Ok(ServerTrust::Known),
        }
    }

    /// Returns the password of an account. A password that the user types is kept in `typed` and used again.
    fn password(
        &self,
        address: &FtpAddress,
        cancel: &dyn Cancel,
        typed: &Mutex<Option<Secret<String>>>,
    ) -> Result<Secret<String>, TransferError> {
        if let Some(path) = &self.password_file {
            return first_line(path).map_err(|error| password_file_error(address.account(), error));
        }
        let unusable = |Usage(reason)| TransferError::Password { account: address.account(), reason };
        if let Some(password) = password_variable().map_err(unusable)? {
            return Ok(password);
        }
        if let Some(password) = self.netrc_password(address)? {
            return Ok(password);
        }
        if !is_interactive() {
            return Err(TransferError::NoPassword { account: address.account() });
        }
        let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
        let password = match typed.take() {
            Some(password) => password,
            None => ask_password(address.account(), cancel)?,
        };
        Ok(Secret::new(typed.insert(password).expose().clone()))
    }

    /// Returns the password in the netrc file. The default file may be missing, but not one that an option names.
    fn netrc_password(&self, address: &FtpAddress) -> Result<Option<Secret<String>>, TransferError> {
        let Some(path) = self.netrc_file() else { return Ok(None) };
        if self.netrc.is_none() && path.try_exists().is_ok_and(|exists| !exists) {
            return Ok(None);
        }
        let mut text = Secret::new(String::new());
        match read_bounded(&path, |file| file.read_to_string(text.expose_mut())) {
            Ok(()) => Ok(netrc::find(text.expose(), &address.host, &address.user)),
            Err(error) if self.netrc.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TransferError::Local { file: path.display().to_string(), source }),
        }
    }
}

fn ask_password(account: String, cancel: &dyn Cancel) -> Result<Secret<String>, TransferError> {
    let typed = from_terminal(&format!("Password of {account}: "), "password", "--password-file", cancel);
    typed.map_err(|error| match error.downcast_ref() {
        Some(PipelineError::Cancelled(Cancelled)) => TransferError::Cancelled(Cancelled),
        _ => TransferError::Password { account, reason: error.to_string() },
    })
}

/// Converts an error of the password file. A file that other users can write to is an error of its own.
fn password_file_error(account: String, error: anyhow::Error) -> TransferError {
    match error.downcast() {
        Ok(PipelineError::File { path, source }) if OwnershipError::inside(&source).is_some() => {
            TransferError::Local { file: path, source }
        }
        Ok(error) => TransferError::Password { account, reason: format!("{:#}", anyhow::Error::new(error)) },
        Err(error) => TransferError::Password { account, reason: format!("{error:#}") },
    }
}

fn trust_question(address: &FtpAddress, fingerprint: CertificateFingerprint) -> String {
    format!(
        "The server at {} has not been seen before. The fingerprint of its certificate is\n  {fingerprint}\n\
         hestat serve prints the fingerprint: is it the same? The certificate will be remembered. [yes/no] ",
        address.endpoint()
    )
}
