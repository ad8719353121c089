//! Options of commands that connect to peers or accept connections: identity, trust, admission and timeouts.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use super::console::Console;
use super::exit::Usage;
use super::options::StateOptions;
use super::progress::write_line;
use super::secrets::PassphraseOptions;
use super::terminal::is_interactive;
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Notices;
use crate::foundation::random;
use crate::keystore::{KeyFiles, KeyName};
use crate::wire::{AllowList, ApprovalRequest, LinkIdentity, PeerAddress, PeerPolicy, PeerTrust};

/// The identity that this process presents.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Identity and trust")]
pub(super) struct IdentityOptions {
    /// Name of the identity to use; created if it does not exist [default: the name of the command]
    #[arg(long, env = "HESTAT_IDENTITY", value_name = "NAME")]
    identity: Option<KeyName>,
    #[command(flatten)]
    pub(super) state: StateOptions,
    #[command(flatten)]
    pub(super) passphrase: PassphraseOptions,
}

impl IdentityOptions {
    /// Loads the identity named by the options, or else `default`; creates it if it does not exist.
    pub(super) fn identity(&self, default: &str, console: &Console) -> anyhow::Result<LinkIdentity> {
        let keys = self.keys()?;
        let name = self.identity.as_ref().map_or(default, KeyName::as_str);
        let file = keys.identity_file(name)?;
        let passphrase = if file.exists() {
            self.passphrase.to_open_file(&file, console)?
        } else {
            self.passphrase.to_protect(console)?
        };
        let mut random = random::from_system()?;
        let (identity, is_new) = keys.identity_or_new(name, passphrase.as_ref(), &mut random)?;
        if is_new {
            console.notice(&format!("created the identity {name} with the fingerprint {}", identity.fingerprint()));
        }
        Ok(LinkIdentity::new(&identity)?)
    }

    /// Returns the key files in the state directory.
    pub(super) fn keys(&self) -> anyhow::Result<KeyFiles> {
        Ok(KeyFiles::new(self.state.store()?.root()))
    }
}

/// How the connecting side authenticates the listening side.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Identity and trust")]
pub(super) struct TrustOptions {
    /// Key fingerprint of the listening side, as printed there [default: the one remembered from the first connection]
    #[arg(long, env = "HESTAT_PEER_FINGERPRINT", value_name = "FINGERPRINT")]
    peer_fingerprint: Option<KeyFingerprint>,
}

impl TrustOptions {
    /// Returns how to authenticate the listening side. Without a fingerprint that is trust on first use: the user at
    /// the terminal confirms an unknown key; without a terminal it is trusted, and a notice says so.
    pub(super) fn trust(&self, state: &StateOptions, console: &Console) -> anyhow::Result<PeerTrust> {
        if let Some(fingerprint) = self.peer_fingerprint {
            return Ok(PeerTrust::Pinned(fingerprint));
        }
        let known_peers = state.store()?.root().join("known_peers");
        let (confirmer, path) = (console.confirmer(), known_peers.display().to_string());
        // If this process is in the background of its terminal, the question fails, and the key is not trusted.
        let asks = is_interactive();
        let confirm = move |address: &PeerAddress, found: KeyFingerprint| {
            if asks {
                return confirmer.confirms(&first_use_question(address, found), || false);
            }
            // Shown with --quiet too: the key is trusted from now on.
            write_line(&format!("note: first connection to {address}; its key will be remembered in {path}: {found}"));
            Ok(true)
        };
        Ok(PeerTrust::FirstUse { known_peers, confirm: Arc::new(confirm) })
    }
}

fn first_use_question(address: &PeerAddress, found: KeyFingerprint) -> String {
    format!(
        "The peer at {address} is not known. Its key fingerprint is\n  {found}\nIs this the fingerprint its owner gave \
         you? It will be remembered. [yes/no] "
    )
}

/// Which peers the listening side admits.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Identity and trust")]
pub(super) struct AdmissionOptions {
    /// Admit the peer with this key fingerprint, or the peers listed in this file, one per line; may be repeated
    #[arg(
        long,
        env = "HESTAT_ALLOW_PEER",
        value_name = "FINGERPRINT|FILE",
        value_delimiter = ',',
        value_parser = parse_allowed,
        conflicts_with = "accept_any"
    )]
    allow_peer: Vec<Allowed>,
    /// Admit every peer, attackers included
    #[arg(long, env = "HESTAT_ACCEPT_ANY", value_parser = BoolishValueParser::new(), conflicts_with = "allow_peer")]
    accept_any: bool,
}

#[derive(Debug, Clone)]
enum Allowed {
    Key(KeyFingerprint),
    File(PathBuf),
}

fn parse_allowed(text: &str) -> Result<Allowed, String> {
    match text.parse() {
        Ok(key) => Ok(Allowed::Key(key)),
        Err(_) if fs::metadata(text).is_ok() => Ok(Allowed::File(text.into())),
        Err(error) => Err(format!("neither a file that can be accessed nor a fingerprint: {error}")),
    }
}

impl AdmissionOptions {
    /// Returns which peers to admit: those on the allow list, and those that the user at the terminal approves.
    pub(super) fn admission(&self, console: &Console) -> anyhow::Result<PeerPolicy> {
        if self.accept_any {
            return Ok(PeerPolicy::Anyone);
        }
        let (mut keys, mut files) = (Vec::new(), Vec::new());
        for peer in &self.allow_peer {
            match peer {
                Allowed::Key(key) => keys.push(*key),
                Allowed::File(file) => files.push(file.clone()),
            }
        }
        let allowed = AllowList::new(keys, files)?;
        if allowed.is_empty() && !is_interactive() {
            let text = "no peer could be admitted: name peers with --allow-peer, or admit every peer with --accept-any";
            return Err(Usage(text.into()).into());
        }
        let confirmer = console.confirmer();
        let approve = move |request: &ApprovalRequest| {
            confirmer.confirms(&approval_question(request), || request.is_cancelled()).unwrap_or(false)
        };
        let approver = is_interactive().then(|| Arc::new(approve) as _);
        Ok(PeerPolicy::Listed { allowed, approver })
    }
}

fn approval_question(request: &ApprovalRequest) -> String {
    let (peer, found) = (request.peer(), request.fingerprint());
    format!(
        "Connection request from {peer}. Its key fingerprint is\n  {found}\nAllow it this time? (--allow-peer allows \
         it without asking.) [yes/no] "
    )
}

/// Timeouts for peers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Timeouts")]
pub(super) struct WaitingOptions {
    /// Give up after waiting for peers for this many seconds
    #[arg(
        long,
        env = "HESTAT_PEER_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=31_536_000)
    )]
    timeout: u64,
    /// Drop a peer that sends nothing for this many seconds; peers send a keepalive every second
    #[arg(
        long = "silence",
        env = "HESTAT_PEER_SILENCE",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(3..=86_400)
    )]
    idle_timeout: u64,
}

impl WaitingOptions {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(super) fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout)
    }
}
