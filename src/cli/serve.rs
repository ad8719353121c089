//! `hestat serve`

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::connect_options::password_variable;
use super::console::Console;
use super::secrets::first_line;
use super::server_limits::{LimitOptions, ports};
use super::{hostnames, log};
use crate::foundation::clock::SystemClock;
use crate::foundation::ownership;
use crate::foundation::secret::Secret;
use crate::keystore::ServerIdentity;
use crate::pipeline::PipelineError;
use crate::pipeline::serve::{ServeRequest, Serving, StateFiles, prepare, serve};
use crate::report;
use crate::transfer::is_server_name;

/// Run a server that receives datasets over FTPS and computes them
///
/// The server has one account and requires TLS. On the first start it creates a certificate and a password and prints
/// their paths. Uploads are synced to disk before they are acknowledged, and computed at once. SIGTERM and SIGINT stop
/// the server; interrupted transfers can be resumed.
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
    /// Names and addresses in a new certificate [default: those of this machine]
    #[arg(long, env = "HESTAT_NAME", value_name = "NAMES", value_delimiter = ',', value_parser = server_name)]
    name: Vec<String>,
    /// Certificate to use (PEM, the server's own first)
    #[arg(long, env = "HESTAT_CERTIFICATE", value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "HESTAT_CERTIFICATE_KEY", value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// Ports for data connections, such as 50000-50099 [default: any free port]
    #[arg(long, env = "HESTAT_PASSIVE_PORTS", value_name = "FROM-TO", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// Address at which clients reach this machine, if it is behind NAT
    #[arg(long, env = "HESTAT_PUBLIC_ADDRESS", value_name = "IPV4")]
    public_address: Option<Ipv4Addr>,
    /// Only create missing directories, certificate and password, print their paths, and exit
    #[arg(long, env = "HESTAT_PREPARE", value_parser = BoolishValueParser::new())]
    prepare: bool,
    /// Only receive datasets; hestat compute computes them
    #[arg(long, env = "HESTAT_NO_COMPUTE", value_parser = BoolishValueParser::new())]
    no_compute: bool,
    /// Keep datasets in the inbox after they are computed
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

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        log::begin(self.log_json, console.quiet());
        if self.prepare {
            console.print(&prepared(&prepare(self.request()?)?, console.json()))?;
            return Ok(0);
        }
        console.handle_signals();
        serve(self.request()?, &SystemClock, console.observer(), |serving| {
            // The server goes on if stdout is closed.
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
            identity: self.identity()?,
            secrets: self.secrets().cloned().collect(),
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

    /// The secret files that the options name.
    fn secrets(&self) -> impl Iterator<Item = &PathBuf> {
        self.password_file.iter().chain(&self.certificate_key)
    }

    fn password(&self) -> anyhow::Result<Option<Secret<String>>> {
        match &self.password_file {
            Some(path) => first_line(path).map(Some),
            None => Ok(password_variable()?),
        }
    }

    fn identity(&self) -> Result<Option<ServerIdentity>, PipelineError> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.certificate_key) else { return Ok(None) };
        let read = |path: &PathBuf| {
            let place = path.display().to_string();
            let mut pem = Secret::new(Vec::new());
            let read = ownership::open(path).and_then(|mut file| file.read_to_end(pem.expose_mut()));
            read.map(|_| pem).map_err(|source| PipelineError::File { path: place, source })
        };
        Ok(Some(ServerIdentity { certificate: read(certificate)?.expose().clone(), key: read(key)? }))
    }

    fn render(&self, serving: &Serving, as_json: bool) -> String {
        let Serving { address, user, secure, fingerprint, files } = serving;
        let scheme = if *secure { "ftps" } else { "ftp" };
        let url = format!("{scheme}://{user}@{}", self.reachable(*address));
        if as_json {
            let fingerprint = fingerprint.to_string();
            return report::json::line(&json!({
                "url": url, "address": address, "user": user, "password_file": files.password,
                "certificate_file": files.certificate, "fingerprint": fingerprint
            }));
        }
        format!("serving {} at {url}\n{}\nfingerprint {fingerprint}", self.data.display(), prepared(files, false))
    }

    /// The address at which clients reach a socket that listens on `address`.
    fn reachable(&self, address: SocketAddr) -> String {
        let port = address.port();
        match self.public_address {
            Some(public) => format!("{public}:{port}"),
            None if address.ip().is_unspecified() => format!("{}:{port}", hostnames::host_name()),
            None => address.to_string(),
        }
    }
}

/// Describes where certificate and password are.
fn prepared(StateFiles { certificate, password }: &StateFiles, as_json: bool) -> String {
    if as_json {
        return report::json::line(&json!({ "password_file": password, "certificate_file": certificate }));
    }
    let origin = |file: &Option<PathBuf>| {
        file.as_ref().map_or_else(|| "as given".to_owned(), |path| format!("in {}", path.display()))
    };
    format!("password {}\ncertificate {}", origin(password), origin(certificate))
}

/// Parses a name or address for a certificate.
fn server_name(text: &str) -> Result<String, String> {
    if is_server_name(text) { Ok(text.into()) } else { Err("expected a host name or an IP address".into()) }
}

/// Parses a user name that can be part of a server's URL.
fn user(text: &str) -> Result<String, String> {
    let is_invalid = |c: char| c.is_whitespace() || c.is_control() || ":/@?#%\"\\".contains(c);
    if text.is_empty() || text.chars().any(is_invalid) {
        return Err("expected a name without spaces, control characters and :/@?#%\"\\".into());
    }
    Ok(text.into())
}
