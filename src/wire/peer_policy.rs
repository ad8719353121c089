//! Who may come in.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::error::WireError;
use crate::crypto::KeyFingerprint;
use crate::foundation::{ownership, text_file};

/// Somebody at the door who is not enrolled.
#[derive(Debug)]
pub struct ApprovalRequest {
    pub(super) from: String,
    pub(super) fingerprint: KeyFingerprint,
    pub(super) cancelled: CancellationToken,
}

impl ApprovalRequest {
    /// From where.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// With which key.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// Whether whoever knocked has gone, and no answer is wanted any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }
}

/// Asks a person whether whoever knocks may come in.
pub type Approver = Arc<dyn Fn(&ApprovalRequest) -> bool + Send + Sync>;

/// Whom the listening side takes in.
#[derive(Clone)]
pub enum PeerPolicy {
    /// Anyone at all, strangers and attackers too.
    Anyone,
    /// Those enrolled, and those whom somebody lets in when asked.
    Listed {
        /// By their keys.
        allowed: AllowList,
        /// Who is asked about others.
        approver: Option<Approver>,
    },
}

/// Keys of those who may come in: named ones, and those in files, which may change at any time.
///
/// A file has a fingerprint at the beginning of each line, and anything after a blank; empty lines, and those that begin with
/// `#`, say nothing.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    named: HashSet<KeyFingerprint>,
    files: Vec<PathBuf>,
}

impl AllowList {
    /// These keys, and those in these files. What is no regular file can be read only once, and that is done now.
    ///
    /// # Errors
    /// [`WireError::Peers`] if a file cannot be read or understood.
    pub fn new(named: impl IntoIterator<Item = KeyFingerprint>, files: Vec<PathBuf>) -> Result<Self, WireError> {
        let mut enrolment = Self { named: named.into_iter().collect(), files: Vec::new() };
        for file in files {
            let opened = ownership::open(&file).map_err(WireError::peers(&file))?;
            let keys = read(opened, &file)?;
            if file.is_file() {
                enrolment.files.push(file);
            } else {
                enrolment.named.extend(keys);
            }
        }
        Ok(enrolment)
    }

    /// Whether nobody could ever come in.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.files.is_empty()
    }

    /// Whether this key is enrolled now. Reads files.
    ///
    /// # Errors
    /// [`WireError::Peers`] if no file enrols it, and one of them cannot be used any more.
    pub fn contains(&self, fingerprint: KeyFingerprint) -> Result<bool, WireError> {
        if self.named.contains(&fingerprint) {
            return Ok(true);
        }
        let mut unusable = None;
        for file in &self.files {
            let opened = ownership::open_regular(file).map_err(WireError::peers(file));
            match opened.and_then(|opened| is_in(fingerprint, opened, file)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => unusable = Some(error),
            }
        }
        unusable.map_or(Ok(false), Err)
    }
}

/// All keys in a list.
fn read(opened: File, file: &Path) -> Result<HashSet<KeyFingerprint>, WireError> {
    let text = text_file::read(opened).map_err(WireError::peers(file))?;
    keys(&text).collect::<Result<_, _>>().map_err(WireError::peers(file))
}

/// Whether a list has this key; it must be a list to its end.
fn is_in(fingerprint: KeyFingerprint, opened: File, file: &Path) -> Result<bool, WireError> {
    let text = text_file::read(opened).map_err(WireError::peers(file))?;
    let found = keys(&text).try_fold(false, |found, key| Ok(key? == fingerprint || found));
    found.map_err(WireError::peers(file))
}

fn keys(text: &str) -> impl Iterator<Item = io::Result<KeyFingerprint>> {
    let says = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines =
        text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())).filter(move |(_, line)| says(line));
    lines.map(|(number, line)| {
        let unreadable = |error| io::Error::other(format!("line {number}: {error}"));
        line.split_whitespace().next().unwrap_or_default().parse().map_err(unreadable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_enrol_while_they_say_so() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("allowed");
        let [first, second, third] = [b"1", b"2", b"3"].map(|key| KeyFingerprint::of(key));
        fs::write(&file, format!("# nodes\n\n{second} the one in the cellar\n")).unwrap();
        let enrolment = AllowList::new([first], vec![file.clone()]).unwrap();
        let held = || [first, second, third].map(|key| enrolment.contains(key).ok());
        assert_eq!(held(), [Some(true), Some(true), Some(false)]);
        fs::write(&file, format!("{third}\n")).unwrap();
        assert_eq!(held(), [Some(true), Some(false), Some(true)]);
        fs::write(&file, format!("{third}\nnobody\n")).unwrap();
        assert_eq!(held(), [Some(true), None, None]);
        let error = AllowList::new([], vec![file]).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("line 2"));
        assert!(AllowList::new([], vec![directory.path().join("none")]).is_err());
        assert!(AllowList::default().is_empty());
    }
}
