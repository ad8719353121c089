//! Passphrases and passwords: from files and from the terminal, never from arguments.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::builder::BoolishValueParser;

use super::console::Console;
use super::exit::Usage;
use super::terminal::ask_secretly;
use crate::crypto::Passphrase;
use crate::foundation::observer::{Cancelled, Observer};
use crate::foundation::ownership;
use crate::foundation::secret::Secret;
use crate::keystore::{is_exposed, is_protected};
use crate::pipeline::PipelineError;

/// Protects keys on disk.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseOptions {
    /// The passphrase of the key is the first line of this file
    #[arg(long, env = "HESTAT_PASSPHRASE_FILE", value_name = "FILE", conflicts_with = "passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Ask for the passphrase on the terminal
    #[arg(long, env = "HESTAT_PASSPHRASE_PROMPT", value_parser = BoolishValueParser::new(), conflicts_with = "passphrase_file")]
    passphrase: bool,
    /// What is in the file, which may be a pipe and serve several keys.
    #[arg(skip)]
    read: OnceLock<Passphrase>,
}

/// The longest secret, in bytes.
const LONGEST_SECRET: u64 = 1 << 12;

impl PassphraseOptions {
    /// For a new key: none unless asked for, and asked twice.
    pub(super) fn to_protect(&self, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        match (self.in_file(console)?, self.passphrase) {
            (Some(passphrase), _) => Ok(Some(passphrase)),
            (None, false) => Ok(None),
            (None, true) => {
                let first = ask_passphrase("Passphrase for the new key: ", console)?;
                let again = ask_passphrase("Again: ", console)?;
                if first.expose() != again.expose() {
                    return Err(Usage("the two passphrases are not the same".into()).into());
                }
                Ok(Some(first))
            }
        }
    }

    /// For a key that is `protected` or not: asks on a terminal if no file is named.
    pub(super) fn to_open(&self, protected: bool, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        let is_in_file = protected && self.passphrase_file.is_some();
        if is_in_file { self.in_file(console) } else { passphrase_of(protected, None, console) }
    }

    /// Whether a passphrase can be had later, from the file or from somebody at the terminal.
    pub(super) fn is_at_hand(&self) -> anyhow::Result<bool> {
        match &self.passphrase_file {
            Some(file) => fs::metadata(file).map(|_| true).map_err(|source| failed(file, source)),
            None => Ok(io::stdin().is_terminal()),
        }
    }

    fn in_file(&self, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        let Some(file) = &self.passphrase_file else { return Ok(None) };
        if self.read.get().is_none() {
            drop(self.read.set(passphrase_in(file, console)?));
        }
        Ok(self.read.get().map(|passphrase| Passphrase::new(Secret::new(passphrase.expose().to_owned()))))
    }

    /// For the key in `file`, the same. Says so if others can read that, or if it takes no passphrase where one is given.
    pub(super) fn to_open_file(&self, file: &Path, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        notice_if_exposed(file, console);
        let is_protected = is_protected(file);
        if !is_protected && (self.passphrase || self.passphrase_file.is_some()) {
            let place = file.display();
            console.notice(&format!(
                "{place} is not under a passphrase; openssl pkcs8 -topk8 -in {place} makes one that is"
            ));
        }
        self.to_open(is_protected, console)
    }
}

/// Of a key that is `protected` or not: what the file says, or else somebody at the terminal.
pub(super) fn passphrase_of(
    protected: bool,
    file: Option<&Path>,
    console: &Console,
) -> anyhow::Result<Option<Passphrase>> {
    match file {
        _ if !protected => Ok(None),
        Some(file) => passphrase_in(file, console).map(Some),
        None if io::stdin().is_terminal() => ask_passphrase("Passphrase of the key: ", console).map(Some),
        None => Ok(None),
    }
}

fn passphrase_in(file: &Path, console: &Console) -> anyhow::Result<Passphrase> {
    notice_if_exposed(file, console);
    first_line(file).map(Passphrase::new)
}

fn ask_passphrase(question: &str, console: &Console) -> anyhow::Result<Passphrase> {
    console.hearing(|| from_terminal(question, "passphrase", "--passphrase-file", console)).map(Passphrase::new)
}

/// Says so if everybody on this machine can read a file that holds a secret.
pub(super) fn notice_if_exposed(path: &Path, console: &Console) {
    if is_exposed(path) {
        console.notice(&format!("everybody on this machine can read {}; chmod 600 ends that", path.display()));
    }
}

/// The first line of a file that holds a secret.
pub(super) fn first_line(path: &Path) -> anyhow::Result<Secret<String>> {
    let failed = |source| failed(path, source);
    let mut text = Secret::new(String::with_capacity(LONGEST_SECRET as usize));
    let file = ownership::open(path).map_err(failed)?;
    file.take(LONGEST_SECRET).read_to_string(text.expose_mut()).map_err(failed)?;
    let end = text.expose().find(['\r', '\n']).unwrap_or(text.expose().len());
    if end as u64 == LONGEST_SECRET {
        return Err(Usage(format!("the first line of {} is longer than 4,095 bytes", path.display())).into());
    }
    text.expose_mut().truncate(end);
    if text.expose().is_empty() {
        return Err(Usage(format!("the first line of {} is empty", path.display())).into());
    }
    Ok(text)
}

fn failed(path: &Path, source: io::Error) -> anyhow::Error {
    PipelineError::File { path: path.display().to_string(), source }.into()
}

/// A secret that somebody types; without a terminal, `option` is where it could come from.
pub(super) fn from_terminal(
    question: &str,
    what: &str,
    option: &str,
    observer: &dyn Observer,
) -> anyhow::Result<Secret<String>> {
    if !io::stdin().is_terminal() {
        return Err(Usage(format!("no terminal to ask for the {what} on; use {option}")).into());
    }
    let text = match ask_secretly(question, || observer.check_cancelled().is_ok()) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(PipelineError::Cancelled(Cancelled).into());
        }
        outcome => outcome?,
    };
    if text.expose().is_empty() {
        return Err(Usage(format!("an empty {what} protects nothing")).into());
    }
    Ok(text)
}
