//! `hestat identity`: creates and shows the keys that identify this machine to peers.

use clap::Subcommand;
use serde_json::{Value, json};

use super::console::Console;
use super::options::StateOptions;
use super::secrets::{PassphraseOptions, notice_if_exposed};
use crate::foundation::observer::Notices;
use crate::foundation::random;
use crate::keystore::{KeyFiles, KeyName, PublicIdentity, is_protected};
use crate::pipeline::PipelineError;

/// Create and show the keys that identify this machine to peers
///
/// An identity is an Ed25519 key. Peers recognize it by its fingerprint, the SHA-256 of its public key, which people
/// can compare by reading it aloud. Commands that need an identity create one when they first run, and name it after
/// themselves, such as fog-node.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat identity new laptop\n  hestat identity show")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    Show(Show),
}

/// Create an identity and print its fingerprint
///
/// The private key is written as PKCS#8 in PEM, readable by its owner only, next to the public key; openssl reads both.
/// Existing keys are never replaced.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat identity new laptop")]
struct New {
    /// Name of the identity
    #[arg(env = "HESTAT_IDENTITY", default_value = "default")]
    name: KeyName,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

/// Print the fingerprint of one identity, or of all
///
/// Needs a passphrase only if the public key of a protected identity is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat identity show laptop")]
struct Show {
    /// Name of the identity [default: all]
    #[arg(env = "HESTAT_IDENTITY")]
    name: Option<KeyName>,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        match &self.command {
            Command::New(new) => new.run(console),
            Command::Show(show) => show.run(console),
        }
    }
}

impl New {
    fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let keys = KeyFiles::new(self.state.store()?.root());
        let passphrase = self.passphrase.to_protect(console)?;
        let mut random = random::from_system().map_err(PipelineError::from)?;
        let created = keys.new_identity(self.name.as_str(), passphrase.as_ref(), &mut random);
        created.map_err(PipelineError::from)?;
        let identity = keys.public_identity(&self.name, passphrase.as_ref()).map_err(PipelineError::from)?;
        if console.json() {
            console.print_json(&as_json(&identity))?;
        } else {
            console.print(&render(&identity, console))?;
        }
        Ok(0)
    }
}

impl Show {
    fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let keys = KeyFiles::new(self.state.store()?.root());
        let names = match &self.name {
            Some(name) => vec![name.clone()],
            None => keys.identities().map_err(PipelineError::from)?.into_iter().map(|(name, _)| name).collect(),
        };
        let (shown, failed): (Vec<_>, Vec<_>) =
            names.iter().map(|name| self.identity(&keys, name, console)).partition(anyhow::Result::is_ok);
        // A damaged key must not hide the others.
        self.print(&shown.into_iter().flatten().collect::<Vec<_>>(), failed.is_empty(), console)?;
        failed.into_iter().next().map_or(Ok(0), |failure| failure.map(|_| 0))
    }

    fn print(&self, shown: &[PublicIdentity], complete: bool, console: &Console) -> anyhow::Result<()> {
        match shown {
            [] if self.name.is_some() => {}
            [identity] if console.json() && self.name.is_some() => console.print_json(&as_json(identity))?,
            all if console.json() => console.print_json(&all.iter().map(as_json).collect())?,
            [] if complete => console.notice("there are no identities; hestat identity new creates one"),
            [] => {}
            all => {
                console.print(&all.iter().map(|identity| render(identity, console)).collect::<Vec<_>>().join("\n"))?;
            }
        }
        Ok(())
    }

    fn identity(&self, keys: &KeyFiles, name: &KeyName, console: &Console) -> anyhow::Result<PublicIdentity> {
        let file = keys.identity_file(name.as_str()).map_err(PipelineError::from)?;
        notice_if_exposed(&file, console);
        let needed = is_protected(&file) && !keys.has_public_key(name);
        let passphrase = self.passphrase.to_open(needed, console)?;
        Ok(keys.public_identity(name, passphrase.as_ref()).map_err(PipelineError::from)?)
    }
}

/// Describes an identity; with --quiet, only its fingerprint, as allow lists have it.
fn render(identity: &PublicIdentity, console: &Console) -> String {
    let PublicIdentity { name, fingerprint, file, protected } = identity;
    if console.quiet() {
        return fingerprint.to_string();
    }
    let protected = if *protected { " (protected by a passphrase)" } else { "" };
    format!("identity     {name}\nfingerprint  {fingerprint}\nfile         {}{protected}\n", file.display())
}

fn as_json(PublicIdentity { name, fingerprint, file, protected }: &PublicIdentity) -> Value {
    json!({
        "name": name.as_str(),
        "fingerprint": fingerprint.to_string(),
        "file": file.display().to_string(),
        "protected": protected
    })
}
