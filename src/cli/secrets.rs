//! Reads passphrases and passwords from files or the terminal, never from arguments.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Take};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::builder::BoolishValueParser;

use super::console::Console;
use super::exit::Usage;
use super::terminal::ask_secret;
use crate::crypto::Passphrase;
use crate::foundation::observer::{Cancel, Cancelled, Notices};
use crate::foundation::ownership;
use crate::foundation::secret::Secret;
use crate::keystore::{is_protected, is_world_readable};
use crate::pipeline::PipelineError;

/// The maximum length of the first line of a secret file, in bytes, including its line break.
const MAX_SECRET_BYTES: u64 = 1 << 12;

/// The maximum length of a certificate, key or netrc file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The passphrase that protects keys on disk.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseOptions {
    /// File whose first line is the passphrase of the key
    #[arg(long, env = "HESTAT_PASSPHRASE_FILE", value_name = "FILE", conflicts_with = "passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Ask for the passphrase on the terminal
    #[arg(
        long,
        env = "HESTAT_PASSPHRASE_PROMPT",
        value_parser = BoolishValueParser::new(),
        conflicts_with = "passphrase_file"
    )]
    passphrase: bool,
    /// The passphrase in the file, once it has been read. The file may be a pipe, and its passphrase may protect
    /// several keys.
    #[arg(skip)]
    cached: OnceLock<Passphrase>,
}

impl PassphraseOptions {
    /// Returns the passphrase for a new key, if the options ask for one. A prompt asks twice.
    pub(super) fn to_protect(&self, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        match (self.read_file(console)?, self.passphrase) {
            (Some(passphrase), _) => Ok(Some(passphrase)),
            (None, false) => Ok(None),
            (None, true) => {
                let first = ask_passphrase("Passphrase for the new key: ", console)?;
                let again = ask_passphrase("Again: ", console)?;
                if first.expose() != again.expose() {
                    return Err(Usage("the two passphrases differ; enter the same one twice".into()).into());
                }
                Ok(Some(first))
            }
        }
    }

    /// Returns the passphrase of an existing key, if it is `protected`: from the file, else from the terminal.
    pub(super) fn to_open(&self, protected: bool, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        let uses_file = protected && self.passphrase_file.is_some();
        if uses_file { self.read_file(console) } else { passphrase_of(protected, None, console) }
    }

    /// Whether a passphrase can be read later, from the file or the terminal.
    pub(super) fn is_available(&self) -> anyhow::Result<bool> {
        match &self.passphrase_file {
            Some(file) => fs::metadata(file).map(|_| true).map_err(|source| file_error(file, source)),
            None => Ok(io::stdin().is_terminal()),
        }
    }

    fn read_file(&self, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        let Some(file) = &self.passphrase_file else { return Ok(None) };
        if self.cached.get().is_none() {
            let _ = self.cached.set(passphrase_in(file, console)?);
        }
        Ok(self.cached.get().map(|passphrase| Passphrase::new(Secret::new(passphrase.expose().to_owned()))))
    }

    /// As [`Self::to_open`], for the key in `file`. Notifies if other users can read the file, or if a passphrase is
    /// given but not needed.
    pub(super) fn to_open_file(&self, file: &Path, console: &Console) -> anyhow::Result<Option<Passphrase>> {
        notice_if_exposed(file, console);
        let protected = is_protected(file);
        if !protected && (self.passphrase || self.passphrase_file.is_some()) {
            let path = file.display();
            console.notice(&format!(
                "{path} is not protected by a passphrase; to protect it: openssl pkcs8 -topk8 -in {path} -out NEW"
            ));
        }
        self.to_open(protected, console)
    }
}

/// Returns the passphrase of a key, if it is `protected`: from the file, else from the terminal if there is one.
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

fn ask_passphrase(prompt: &str, console: &Console) -> anyhow::Result<Passphrase> {
    console.with_signals(|| from_terminal(prompt, "passphrase", "--passphrase-file", console)).map(Passphrase::new)
}

/// Notifies if other users of this machine can read a file with a secret.
pub(super) fn notice_if_exposed(path: &Path, console: &Console) {
    if is_world_readable(path) {
        console.notice(&format!(
            "other users of this machine can read {0}; to prevent this: chmod 600 {0}",
            path.display()
        ));
    }
}

/// Reads a secret: the first line of a file.
///
/// # Errors
/// The file cannot be read, other users can change it, or the line is empty or longer than 4,095 bytes.
pub(super) fn first_line(path: &Path) -> anyhow::Result<Secret<String>> {
    let failed = |source| file_error(path, source);
    let mut text = Secret::new(String::with_capacity(MAX_SECRET_BYTES as usize));
    let file = ownership::open(path).map_err(failed)?;
    file.take(MAX_SECRET_BYTES).read_to_string(text.expose_mut()).map_err(failed)?;
    let end = text.expose().find(['\r', '\n']).unwrap_or(text.expose().len());
    if end as u64 == MAX_SECRET_BYTES {
        return Err(Usage(format!("the first line of {} is longer than 4,095 bytes", path.display())).into());
    }
    text.expose_mut().truncate(end);
    if text.expose().is_empty() {
        return Err(Usage(format!("the first line of {} is empty", path.display())).into());
    }
    Ok(text)
}

/// Reads a whole file that contains secrets, with `read`.
///
/// # Errors
/// The file cannot be read, other users can change it, or it is larger than 1 MiB.
pub(super) fn read_bounded(path: &Path, read: impl FnOnce(&mut Take<File>) -> io::Result<usize>) -> io::Result<()> {
    let mut file = ownership::open(path)?.take(MAX_FILE_BYTES + 1);
    let read = read(&mut file);
    if file.limit() == 0 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 1 MiB"));
    }
    read.map(|_| ())
}

fn file_error(path: &Path, source: io::Error) -> anyhow::Error {
    PipelineError::File { path: path.display().to_string(), source }.into()
}

/// Asks for a secret, called `what`, on the terminal. `option` is the alternative that the error names if there is
/// none.
///
/// # Errors
/// There is no terminal, the prompt was cancelled, or the secret is empty.
pub(super) fn from_terminal(
    prompt: &str,
    what: &str,
    option: &str,
    cancel: &dyn Cancel,
) -> anyhow::Result<Secret<String>> {
    if !io::stdin().is_terminal() {
        return Err(Usage(format!("there is no terminal to ask for the {what}; use {option}")).into());
    }
    let text = match ask_secret(prompt, || cancel.check_cancelled().is_ok()) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(PipelineError::Cancelled(Cancelled).into());
        }
        outcome => outcome?,
    };
    if text.expose().is_empty() {
        return Err(Usage(format!("the {what} is empty")).into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_up_to_the_limit_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let mut bytes = Vec::new();
        let mut read = |size: u64| {
            fs::write(&file, vec![7; size as usize]).unwrap();
            bytes.clear();
            read_bounded(&file, |file| file.read_to_end(&mut bytes)).map(|()| bytes.len() as u64)
        };
        assert_eq!(read(MAX_FILE_BYTES).unwrap(), MAX_FILE_BYTES);
        assert_eq!(read(MAX_FILE_BYTES + 1).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
