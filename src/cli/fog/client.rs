//! `hestat fog client`: sends the parts of a message to nodes, and reassembles it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::json;

use super::super::console::Console;
use super::super::peers::{AdmissionOptions, IdentityOptions, WaitingOptions};
use super::super::secrets::{notice_if_exposed, passphrase_of};
use super::message::{MessageOptions, show};
use crate::crypto::{RsaBits, RsaPrivateKey};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::Notices;
use crate::foundation::random;
use crate::keystore::PrivateKeyFile;
use crate::report;
use crate::scenarios::fog::{ClientEvent, ClientRequest, Listening, client};

/// The default name of the client's identity, and the prefix of its RSA keys' names.
const ROLE: &str = "fog-client";

/// Wait for nodes, send each a part of the message, and reassemble what they encrypt
///
/// The client prints its address and fingerprint, by which nodes find and recognize it. It accepts the nodes that
/// --allow-peer names. If a node crashes, stalls or returns wrong data, its part goes to another node that has had
/// none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat fog client --listen 0.0.0.0:7100 --file letter.txt --out fog \
                  --allow-peer nodes.txt")]
pub(super) struct Args {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, env = "HESTAT_FOG_LISTEN", value_name = "ADDR:PORT", value_parser = listen_address)]
    listen: SocketAddr,
    /// Number of nodes, and of parts
    #[arg(
        long,
        env = "HESTAT_FOG_NODES",
        value_name = "N",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    nodes: u32,
    /// Output directory, for the files of each step
    #[arg(long, env = "HESTAT_FOG_OUT", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    message: MessageOptions,
    #[command(flatten)]
    key: RsaKeyOptions,
    #[command(flatten)]
    admission: AdmissionOptions,
    #[command(flatten)]
    identity: IdentityOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

/// The key under which nodes encrypt.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "RSA key")]
struct RsaKeyOptions {
    /// RSA key to decrypt with: PKCS#8 in PEM, 2048 to 8192 bits [default: the one in the state directory]
    #[arg(long, env = "HESTAT_FOG_KEY", value_name = "FILE", conflicts_with = "bits")]
    key: Option<PathBuf>,
    /// File whose first line is the passphrase of the key in --key [default: ask on the terminal]
    #[arg(long, env = "HESTAT_FOG_KEY_PASSPHRASE_FILE", value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
    /// Size of the key in the state directory, which is created if it does not exist: 2048, 3072, 4096 or 8192 bits
    #[arg(long, env = "HESTAT_FOG_BITS", value_name = "BITS", default_value = "3072", conflicts_with = "key")]
    bits: RsaBits,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let admission = self.admission.admission(console)?;
        let key = self.key.open(&self.identity, console)?;
        let request = ClientRequest {
            listen: self.listen,
            identity: self.identity.identity(ROLE, console)?,
            admission,
            nodes: self.nodes,
            chunk: self.message.chunk,
            key,
            source: self.message.source(Some(&self.out), console)?,
            out: self.out.clone(),
            timeout: self.waiting.timeout(),
            idle_timeout: self.waiting.idle_timeout(),
        };
        console.handle_signals();
        let report = client(request, &SystemClock, console.observer(), |event| match event {
            ClientEvent::Listening(listening) if console.json() || !console.quiet() => {
                // The message is processed even if standard output cannot be written to.
                let _ = console.print(&render(listening, console));
            }
            ClientEvent::Listening(_) => {}
            ClientEvent::Refused { from, node } => {
                console.notice(&format!("refused a node from {from}; --allow-peer {node} would accept it"));
            }
        })?;
        show(&report, true, console)
    }
}

impl RsaKeyOptions {
    /// Reads the key in `--key`, or opens or creates the one in the state directory of `identity`.
    fn open(&self, identity: &IdentityOptions, console: &Console) -> anyhow::Result<RsaPrivateKey> {
        if let Some(path) = &self.key {
            notice_if_exposed(path, console);
            let file = PrivateKeyFile::read(path)?;
            let passphrase = passphrase_of(file.is_protected(), self.key_passphrase_file.as_deref(), console)?;
            return Ok(file.rsa(passphrase.as_ref())?);
        }
        let (keys, name) = (identity.keys()?, format!("{ROLE}-{}", self.bits.bits()));
        let (file, passphrase) = (keys.rsa_file(&name)?, &identity.passphrase);
        let passphrase =
            if file.exists() { passphrase.to_open_file(&file, console)? } else { passphrase.to_protect(console)? };
        let mut random = random::from_system()?;
        let (key, path, is_new) = keys.rsa_or_new(&name, self.bits, passphrase.as_ref(), &mut random)?;
        if is_new {
            console.notice(&format!("created an RSA key of {} bits in {}", key.bits(), path.display()));
        }
        Ok(key)
    }
}

fn render(listening: &Listening, console: &Console) -> String {
    let Listening { address, fingerprint, message, bytes } = listening;
    if console.json() {
        return report::json::line(&json!({
            "listening": address.to_string(), "fingerprint": fingerprint.to_string(), "message": message.to_string(),
            "bytes": bytes
        }));
    }
    format!("listening    {address}\nfingerprint  {fingerprint}\nmessage      {message}, {bytes} bytes")
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, such as 127.0.0.1:7100 or 0.0.0.0:0".into())
}
