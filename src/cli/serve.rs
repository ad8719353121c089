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
use super::server_limits::{Bounds, ports};
use super::{hostnames, log};
use crate::foundation::clock::SystemClock;
use crate::foundation::ownership;
use crate::foundation::secret::Secret;
use crate::keystore::ServerIdentity;
use crate::pipeline::PipelineError;
use crate::pipeline::serve::{ServeRequest, Serving, StateFiles, prepare, serve};
use crate::report;
use crate::transfer::is_server_name;

/// Be the server: take in datasets over FTPS and compute what comes
///
/// One account; connections without TLS are refused. The first start makes a certificate and a password and says where they
/// lie. Every upload is on disk before it is acknowledged, and computed at once. SIGTERM and SIGINT stop it; transfers that
/// this breaks off go on later where they stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat serve --data /srv/hestat --listen 0.0.0.0:2121 --name stats.example.org")]
pub(super) struct Args {
    /// The server's directory, and the root of its FTP server
    #[arg(long, env = "HESTAT_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Where to listen; port 0 takes any free one
    #[arg(long, env = "HESTAT_LISTEN", value_name = "ADDR:PORT", default_value = "0.0.0.0:2121")]
    listen: SocketAddr,
    /// Directory for certificate, key and password; never below DIR [default: $XDG_STATE_HOME/hestat-server or ~/.local/state/hestat-server]
    #[arg(long, env = "HESTAT_SERVER_STATE", value_name = "DIR")]
    server_state: Option<PathBuf>,
    /// The account's name
    #[arg(long, env = "HESTAT_USER", default_value = "hestat", value_parser = user)]
    user: String,
    /// The account's password is the first line of this file [else: $HESTAT_PASSWORD, the one in the server's state]
    #[arg(long, env = "HESTAT_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Names and addresses for a certificate that is made [default: this machine's]
    #[arg(long, env = "HESTAT_NAME", value_name = "NAMES", value_delimiter = ',', value_parser = server_name)]
    name: Vec<String>,
    /// A certificate of your own (PEM, the server's own first)
    #[arg(long, env = "HESTAT_CERTIFICATE", value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, env = "HESTAT_CERTIFICATE_KEY", value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// Ports of data connections, such as 50000-50099 [default: any free one]
    #[arg(long, env = "HESTAT_PASSIVE_PORTS", value_name = "FROM-TO", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// Address that clients reach this machine at, where it is another one (NAT)
    #[arg(long, env = "HESTAT_PUBLIC_ADDRESS", value_name = "IPV4")]
    public_address: Option<Ipv4Addr>,
    /// Only make directory, certificate and password where there are none, say where they lie, and end
    #[arg(long, env = "HESTAT_PREPARE", value_parser = BoolishValueParser::new())]
    prepare: bool,
    /// Do not compute what comes in; hestat compute does
    #[arg(long, env = "HESTAT_NO_COMPUTE", value_parser = BoolishValueParser::new())]
    no_compute: bool,
    /// Leave datasets in the inbox when their totals are there
    #[arg(long, env = "HESTAT_KEEP", value_parser = BoolishValueParser::new())]
    keep: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// The log as JSON
    #[arg(long, env = "HESTAT_LOG_JSON", value_parser = BoolishValueParser::new())]
    log_json: bool,
    /// Take logins and data without TLS too: everybody in between sees the password
    #[arg(long)]
    insecure_plain_ftp: bool,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        log::begin(self.log_json, console.quiet());
        if self.prepare {
            console.print(&prepared(&prepare(self.request()?)?, console.json()))?;
            return Ok(0);
        }
        console.hear_signals();
        serve(self.request()?, &SystemClock, console, |serving| {
            // Who does not want to read it is served all the same.
            drop(console.print(&self.render(serving, console.json())));
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
            usual_names: hostnames::names(self.listen, self.public_address),
            passive_ports: self.passive_ports.clone(),
            public_address: self.public_address,
            plain: self.insecure_plain_ftp,
            limits: self.bounds.limits(),
            compute: !self.no_compute,
            keep: self.keep,
        })
    }

    /// The files of secrets that are named.
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

    /// Where clients find what listens at `address`.
    fn reachable(&self, address: SocketAddr) -> String {
        let port = address.port();
        match self.public_address {
            Some(public) => format!("{public}:{port}"),
            None if address.ip().is_unspecified() => format!("{}:{port}", hostnames::host_name()),
            None => address.to_string(),
        }
    }
}

/// Where certificate and password lie.
fn prepared(StateFiles { certificate, password }: &StateFiles, as_json: bool) -> String {
    if as_json {
        return report::json::line(&json!({ "password_file": password, "certificate_file": certificate }));
    }
    let place = |file: &Option<PathBuf>| {
        file.as_ref().map_or_else(|| "as given".to_owned(), |path| format!("in {}", path.display()))
    };
    format!("password {}\ncertificate {}", place(password), place(certificate))
}

/// A name or address that a certificate can hold.
fn server_name(text: &str) -> Result<String, String> {
    let wrong = || "neither the name of a host nor an IP address".to_owned();
    if is_server_name(text) { Ok(text.into()) } else { Err(wrong()) }
}

/// A name that an address can hold.
fn user(text: &str) -> Result<String, String> {
    let wrong = |c: char| c.is_whitespace() || c.is_control() || ":/@?#%\"\\".contains(c);
    if text.is_empty() || text.chars().any(wrong) {
        return Err("a name without blanks, control characters and :/@?#%\"\\".into());
    }
    Ok(text.into())
}
