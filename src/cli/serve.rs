//! `hestat serve`: an FTPS server that computes the totals of the datasets that it receives.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::connect_options::password_variable;
use super::console::Console;
use super::secrets::{first_line, read_bounded};
use super::server_limits::{LimitOptions, ports};
use super::{hostnames, log};
use crate::foundation::clock::SystemClock;
use crate::foundation::secret::Secret;
use crate::keystore::ServerIdentity;
use crate::pipeline::PipelineError;
use crate::pipeline::serve::{ServeRequest, Serving, StateFiles, prepare, serve};
use crate::report;
use crate::transfer::is_server_name;

/// Run a server that receives datasets over FTPS and computes their totals
///
/// The server has one account and requires TLS. On the first start it creates a certificate and a password and prints
/// their paths. Uploads are synced to disk before they are acknowledged, and their totals are computed at once. SIGTERM
/// and SIGINT stop the server; interrupted transfers can be resumed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat serve --data /srv/hestat --listen 0.0.0.0:2121 --name stats.example.org")]
pub(super) struct Args {
    /// Data directory, and root of the FTP server
    #[arg(long, env = "HESTAT_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; port 0 selects a free port
    #[arg(long, env = "HESTAT_LISTEN", value_name = "ADDR:PORT", default_value = "0.0.0.0:2121")]
    listen: SocketAddr,
    /// Directory for certificate, key and password, outside DIR [default: $XDG_STATE_HOME/hestat-server or
    /// ~/.local/state/hestat-server]
    #[arg(long, env = "HESTAT_SERVER_STATE", value_name = "DIR")]
    server_state: Option<PathBuf>,
    /// Name of the account
    #[arg(long, env = "HESTAT_USER", default_value = "hestat", value_parser = user)]
    user: String,
    /// File whose first line is the account's password [default: $HESTAT_PASSWORD, else the password in the server
    /// state]
    #[arg(long, env = "HESTAT_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Host names and IP addresses for a new certificate, separated by commas [default: those of this machine]
    #[arg(long, env = "HESTAT_NAME", value_name = "NAMES", value_delimiter = ',', value_parser = server_name)]
    name: Vec<String>,
    #[command(flatten)]
    certificate: Option<CertificateFiles>,
    /// Ports for data connections, such as 50000-50099 [default: any free port]
    #[arg(long, env = "HESTAT_PASSIVE_PORTS", value_name = "FROM-TO", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// Address at which clients reach this machine, if it is behind NAT
    #[arg(long, env = "HESTAT_PUBLIC_ADDRESS", value_name = "IPV4")]
    public_address: Option<Ipv4Addr>,
    /// Create the directories, certificate and password if they are missing, print their paths, and exit
    #[arg(long, env = "HESTAT_PREPARE", value_parser = BoolishValueParser::new())]
    prepare: bool,
    /// Only receive datasets; hestat compute computes their totals
    #[arg(long, env = "HESTAT_NO_COMPUTE", value_parser = BoolishValueParser::new())]
    no_compute: bool,
    /// Keep datasets in the inbox after their totals are computed
    #[arg(long, env = "HESTAT_KEEP", value_parser = BoolishValueParser::new())]
    keep: bool,
    /// Write the log as JSON
    #[arg(long, env = "HESTAT_LOG_JSON", value_parser = BoolishValueParser::new())]
    log_json: bool,
    /// Also allow connections without TLS, which reveal the password and all data to the network
    #[arg(long)]
    insecure_plain_ftp: bool,
    #[command(flatten)]
    limits: LimitOptions,
}

/// A certificate of the user instead of a generated one.
#[derive(Debug, clap::Args)]
struct CertificateFiles {
    /// Certificate to use (PEM, the server's own first)
    #[arg(long, env = "HESTAT_CERTIFICATE", value_name = "FILE", required = false, requires = "certificate_key")]
    certificate: PathBuf,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "HESTAT_CERTIFICATE_KEY", value_name = "FILE", required = false, requires = "certificate")]
    certificate_key: PathBuf,
}

impl CertificateFiles {
    fn read(&self) -> Result<ServerIdentity, PipelineError> {
        let read = |path: &Path| {
            let mut pem = Secret::new(Vec::new());
            let read = read_bounded(path, |file| file.read_to_end(pem.expose_mut()));
            read.map(|()| pem).map_err(|source| PipelineError::File { path: path.display().to_string(), source })
        };
        let certificate = read(&self.certificate)?.expose().clone();
        Ok(ServerIdentity { certificate, key: read(&self.certificate_key)? })
    }
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        log::begin(self.log_json, console.quiet());
        if self.prepare {
            console.print(&render_files(&prepare(self.request()?)?, console.json()))?;
            return Ok(0);
        }
        console.handle_signals();
        serve(self.request()?, &SystemClock, console.observer(), |serving| {
            // The server continues if stdout is closed.
            let _ = console.print(&self.render(serving, console.json()));
        })?;
        Ok(0)
    }

    fn request(&self) -> anyhow::Result<ServeRequest> {
        Ok(ServeRequest {
            data: self.data.clone(),
            state: super::options::state_directory(self.server_state.as_ref(), "hestat-server", "--server-state")?,
            listen: self.listen,
            user: self.user.clone(),
            password: self.password()?,
            identity: self.certificate.as_ref().map(CertificateFiles::read).transpose()?,
            secrets: self.secret_files().cloned().collect(),
            names: self.name.clone(),
            default_names: hostnames::names(self.listen, self.public_address),
            passive_ports: self.passive_ports.clone(),
            public_address: self.public_address,
            plain: self.insecure_plain_ftp,
            limits: self.limits.limits(),
            compute: !self.no_compute,
            keep: self.keep,
        })
    }

    /// Returns the secret files that the options name.
    fn secret_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.password_file.iter().chain(self.certificate.as_ref().map(|files| &files.certificate_key))
    }

    fn password(&self) -> anyhow::Result<Option<Secret<String>>> {
        match &self.password_file {
            Some(path) => first_line(path).map(Some),
            None => Ok(password_variable()?),
        }
    }

    fn render(&self, serving: &Serving, as_json: bool) -> String {
        let Serving { address, user, secure, fingerprint, files } = serving;
        let scheme = if *secure { "ftps" } else { "ftp" };
        let url = format!("{scheme}://{user}@{}", self.client_address(*address));
        if as_json {
            let fingerprint = fingerprint.to_string();
            return report::json::line(&json!({
                "url": url, "address": address, "user": user, "password_file": files.password,
                "certificate_file": files.certificate, "fingerprint": fingerprint
            }));
        }
        format!("serving {} at {url}\n{}\nfingerprint {fingerprint}", self.data.display(), render_files(files, false))
    }

    /// Returns the address at which clients may reach a socket that listens on `address`. For all addresses of this
    /// machine, that is its host name, which clients may not be able to resolve.
    fn client_address(&self, address: SocketAddr) -> String {
        let port = address.port();
        match self.public_address {
            Some(public) => format!("{public}:{port}"),
            None if address.ip().is_unspecified() => format!("{}:{port}", hostnames::host_name()),
            None => address.to_string(),
        }
    }
}

/// Renders where the password and the certificate are.
fn render_files(StateFiles { certificate, password }: &StateFiles, as_json: bool) -> String {
    if as_json {
        return report::json::line(&json!({ "password_file": password, "certificate_file": certificate }));
    }
    let origin = |file: &Option<PathBuf>, options: &str| match file {
        Some(path) => format!("in {}", path.display()),
        None => format!("given with {options}"),
    };
    let password = origin(password, "--password-file or HESTAT_PASSWORD");
    format!("password {password}\ncertificate {}", origin(certificate, "--certificate"))
}

/// Parses a name or address for a certificate.
fn server_name(text: &str) -> Result<String, String> {
    if is_server_name(text) { Ok(text.into()) } else { Err("expected a host name or an IP address".into()) }
}

/// Parses a user name that can be part of a server's URL.
fn user(text: &str) -> Result<String, String> {
    let is_invalid = |c: char| c.is_whitespace() || c.is_control() || ":/@?#%\"\\".contains(c);
    if text.is_empty() || text.chars().any(is_invalid) {
        return Err(
            "expected a non-empty name without white space, control characters or any of : / @ ? # % \" \\".into()
        );
    }
    Ok(text.into())
}
