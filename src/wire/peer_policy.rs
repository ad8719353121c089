//! Which peers a listener admits: allow lists, and a person's approval.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::error::WireError;
use crate::crypto::KeyFingerprint;
use crate::foundation::{ownership, text_file};

/// A peer that is not on the allow list and waits for approval.
#[derive(Debug)]
pub struct ApprovalRequest {
    pub(super) peer: String,
    pub(super) fingerprint: KeyFingerprint,
    pub(super) cancelled: CancellationToken,
}

impl ApprovalRequest {
    /// Returns the address of the peer.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Returns the fingerprint of the key that the peer has proven to have.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// Returns whether the request was withdrawn, such as when the peer has disconnected.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }
}

/// Asks a person whether the peer may be admitted. Blocks until the answer.
pub type Approver = Arc<dyn Fn(&ApprovalRequest) -> bool + Send + Sync>;

/// Which peers the listening side admits.
#[derive(Clone)]
pub enum PeerPolicy {
    /// Every peer, attackers included.
    Anyone,
    /// Peers on an allow list, and peers that a person approves.
    Listed {
        /// Keys that are admitted without asking.
        allowed: AllowList,
        /// Asks about other keys; without it they are rejected.
        approver: Option<Approver>,
    },
}

/// Keys of peers that are admitted: given ones, and those listed in files, which may change at any time.
///
/// Each line of a file begins with a fingerprint; the rest of the line is ignored, as are empty lines and lines that
/// begin with `#`.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    keys: HashSet<KeyFingerprint>,
    files: Vec<PathBuf>,
}

impl AllowList {
    /// Returns a list of these keys and those in these files. Regular files are read again on each lookup; others, such
    /// as pipes, are read once, now.
    ///
    /// # Errors
    /// [`WireError::PeerList`] if a file cannot be read or parsed.
    pub fn new(keys: impl IntoIterator<Item = KeyFingerprint>, files: Vec<PathBuf>) -> Result<Self, WireError> {
        let mut list = Self { keys: keys.into_iter().collect(), files: Vec::new() };
        for file in files {
            let opened = ownership::open(&file).map_err(WireError::peer_list(&file))?;
            let keys = read_keys(opened, &file)?;
            if file.is_file() {
                list.files.push(file);
            } else {
                list.keys.extend(keys);
            }
        }
        Ok(list)
    }

    /// Returns whether the list can never contain a key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.files.is_empty()
    }

    /// Returns whether the list contains this key now. Reads the files.
    ///
    /// # Errors
    /// [`WireError::PeerList`] if the key is not found and one of the files cannot be read or parsed any more.
    pub fn contains(&self, fingerprint: KeyFingerprint) -> Result<bool, WireError> {
        if self.keys.contains(&fingerprint) {
            return Ok(true);
        }
        let mut failure = None;
        for file in &self.files {
            let opened = ownership::open_regular(file).map_err(WireError::peer_list(file));
            match opened.and_then(|opened| file_contains(fingerprint, opened, file)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(false), Err)
    }
}

/// Returns all keys in a file.
fn read_keys(opened: File, file: &Path) -> Result<HashSet<KeyFingerprint>, WireError> {
    let text = text_file::read(opened).map_err(WireError::peer_list(file))?;
    parse_keys(&text).collect::<Result<_, _>>().map_err(WireError::peer_list(file))
}

/// Returns whether a file lists this key. Parses all of it: a damaged file allows no keys.
fn file_contains(fingerprint: KeyFingerprint, opened: File, file: &Path) -> Result<bool, WireError> {
    let text = text_file::read(opened).map_err(WireError::peer_list(file))?;
    let found = parse_keys(&text).try_fold(false, |found, key| Ok(key? == fingerprint || found));
    found.map_err(WireError::peer_list(file))
}

fn parse_keys(text: &str) -> impl Iterator<Item = io::Result<KeyFingerprint>> {
    let has_key = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines =
        text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())).filter(move |(_, line)| has_key(line));
    lines.map(|(number, line)| {
        let invalid = |error| io::Error::other(format!("line {number}: {error}"));
        line.split_once(char::is_whitespace).map_or(line, |(key, _)| key).parse().map_err(invalid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_read_again_on_each_lookup() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("allowed");
        let [first, second, third] = [b"1", b"2", b"3"].map(|key| KeyFingerprint::of(key));
        fs::write(&file, format!("# nodes\n\n{second} the one in the cellar\n")).unwrap();
        let list = AllowList::new([first], vec![file.clone()]).unwrap();
        let contained = || [first, second, third].map(|key| list.contains(key).ok());
        assert_eq!(contained(), [Some(true), Some(true), Some(false)]);
        fs::write(&file, format!("{third}\n")).unwrap();
        assert_eq!(contained(), [Some(true), Some(false), Some(true)]);
        fs::write(&file, format!("{third}\nno fingerprint\n")).unwrap();
        assert_eq!(contained(), [Some(true), None, None]);
        let error = AllowList::new([], vec![file]).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("line 2"));
        assert!(AllowList::new([], vec![directory.path().join("none")]).is_err());
        assert!(AllowList::default().is_empty());
    }
}
