//! Who is at the other end of a link: options of every command that makes or takes links.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use super::console::Console;
use super::exit::Usage;
use super::options::StateOptions;
use super::progress::say;
use super::secrets::PassphraseOptions;
use super::terminal::is_interactive;
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Observer;
use crate::foundation::random;
use crate::keystore::{KeyFiles, KeyName};
use crate::wire::{AllowList, ApprovalRequest, LinkIdentity, PeerAddress, PeerPolicy, PeerTrust};

/// By what others know this process.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is who")]
pub(super) struct IdentityOptions {
    /// The name of the identity to show, made if there is none [default: that of the command]
    #[arg(long, env = "HESTAT_IDENTITY", value_name = "NAME")]
    identity: Option<KeyName>,
    #[command(flatten)]
    pub(super) state: StateOptions,
    #[command(flatten)]
    pub(super) passphrase: PassphraseOptions,
}

impl IdentityOptions {
    /// The identity that is called as the options say, or `usual`.
    pub(super) fn identity(&self, usual: &str, console: &Console) -> anyhow::Result<LinkIdentity> {
        let keys = self.keys()?;
        let name = self.identity.as_ref().map_or(usual, KeyName::as_str);
        let file = keys.identity_file(name)?;
        let passphrase = if file.exists() {
            self.passphrase.to_open_file(&file, console)?
        } else {
            self.passphrase.to_protect(console)?
        };
        let mut random = random::from_system()?;
        let (identity, is_new) = keys.identity_or_new(name, passphrase.as_ref(), &mut random)?;
        if is_new {
            console.notice(&format!("made the identity {name}, {}", identity.fingerprint()));
        }
        Ok(LinkIdentity::new(&identity)?)
    }

    /// All keys in the state.
    pub(super) fn keys(&self) -> anyhow::Result<KeyFiles> {
        Ok(KeyFiles::new(self.state.store()?.root()))
    }
}

/// How the side that connects knows the side that listens.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is who")]
pub(super) struct TrustOptions {
    /// The fingerprint of the listening side, as it prints it [default: as it was when it was first met]
    #[arg(long, env = "HESTAT_PEER_FINGERPRINT", value_name = "FINGERPRINT")]
    peer_fingerprint: Option<KeyFingerprint>,
}

impl TrustOptions {
    /// Without a fingerprint: the listening side is remembered when it is first met. Somebody at the terminal is asked then.
    pub(super) fn trust(&self, state: &StateOptions, console: &Console) -> anyhow::Result<PeerTrust> {
        if let Some(fingerprint) = self.peer_fingerprint {
            return Ok(PeerTrust::Pinned(fingerprint));
        }
        let known_peers = state.store()?.root().join("known_peers");
        let (asker, place) = (console.asker(), known_peers.display().to_string());
        // Where there is a terminal, nobody is believed without a question, not even in its background.
        let is_asked = is_interactive();
        let confirm = move |address: &PeerAddress, found: KeyFingerprint| {
            if is_asked {
                return asker.confirms(&first_meeting(address, found), || false);
            }
            // However few words are wanted: whoever answers there now is believed from now on.
            say(&format!("note: met {address} for the first time; it will be remembered in {place} as {found}"));
            Ok(true)
        };
        Ok(PeerTrust::FirstUse { known_peers, confirm: Arc::new(confirm) })
    }
}

fn first_meeting(address: &PeerAddress, found: KeyFingerprint) -> String {
    format!(
        "The peer at {address} is not known here. Its key has the fingerprint\n  {found}\nIs that what its owner told you? \
         It will be remembered. [yes/no] "
    )
}

/// Whom the side that listens takes in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is who")]
pub(super) struct AdmissionOptions {
    /// Take in the peer with this fingerprint, or those that are listed in this file, one a line; may be given again
    #[arg(long, env = "HESTAT_ALLOW_PEER", value_name = "FINGERPRINT|FILE", value_delimiter = ',', value_parser = allowed, conflicts_with = "accept_any")]
    allow_peer: Vec<Allowed>,
    /// Take in anyone at all, attackers too
    #[arg(long, env = "HESTAT_ACCEPT_ANY", value_parser = BoolishValueParser::new(), conflicts_with = "allow_peer")]
    accept_any: bool,
}

#[derive(Debug, Clone)]
enum Allowed {
    Key(KeyFingerprint),
    File(PathBuf),
}

fn allowed(text: &str) -> Result<Allowed, String> {
    match text.parse() {
        Ok(key) => Ok(Allowed::Key(key)),
        Err(_) if fs::metadata(text).is_ok() => Ok(Allowed::File(text.into())),
        Err(error) => Err(format!("there is no such file, and it is no fingerprint: {error}")),
    }
}

impl AdmissionOptions {
    /// Those who are enrolled; others if somebody at the terminal says so.
    pub(super) fn admission(&self, console: &Console) -> anyhow::Result<PeerPolicy> {
        if self.accept_any {
            return Ok(PeerPolicy::Anyone);
        }
        let (mut keys, mut files) = (Vec::new(), Vec::new());
        for allowed in &self.allow_peer {
            match allowed {
                Allowed::Key(key) => keys.push(*key),
                Allowed::File(file) => files.push(file.clone()),
            }
        }
        let enrolment = AllowList::new(keys, files)?;
        if enrolment.is_empty() && !is_interactive() {
            let text = "nobody could come in: name peers with --allow-peer, or take in anyone with --accept-any";
            return Err(Usage(text.into()).into());
        }
        let asker = console.asker();
        let doorkeeper = move |knock: &ApprovalRequest| {
            asker.confirms(&at_the_door(knock), || knock.is_cancelled()).unwrap_or_default()
        };
        let doorkeeper = is_interactive().then(|| Arc::new(doorkeeper) as _);
        Ok(PeerPolicy::Listed { allowed: enrolment, approver: doorkeeper })
    }
}

fn at_the_door(knock: &ApprovalRequest) -> String {
    let (from, found) = (knock.from(), knock.fingerprint());
    format!(
        "Somebody from {from} wants to come in. The key has the fingerprint\n  {found}\nDo you know it, and is it welcome this \
         time? (--allow-peer takes it in without a question.) [yes/no] "
    )
}

/// How long is waited for peers.
#[derive(Debug, clap::Args)]
pub(super) struct WaitingOptions {
    /// Seconds for which peers are looked for
    #[arg(long, env = "HESTAT_PEER_TIMEOUT", value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    timeout: u64,
    /// Seconds for which a peer may say nothing; it gives a sign of life each second
    #[arg(long, env = "HESTAT_PEER_SILENCE", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(3..=86_400))]
    silence: u64,
}

impl WaitingOptions {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(super) fn silence(&self) -> Duration {
        Duration::from_secs(self.silence)
    }
}
