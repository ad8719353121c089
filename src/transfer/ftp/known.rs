//! Servers that were met before: a line `host:port SHA256:…` for each, the last one counts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::error::TransferError;
use crate::crypto::Fingerprint;

/// The file `known_servers`, which need not be there.
#[derive(Debug, Clone)]
pub(in crate::transfer) struct KnownServers<'p>(pub(in crate::transfer) &'p Path);

impl KnownServers<'_> {
    /// What the server at `endpoint` is known by.
    pub(in crate::transfer) fn find(&self, endpoint: &str) -> Result<Option<Fingerprint>, TransferError> {
        let text = self.text()?;
        let of_it = |line: &str| line.trim().strip_prefix(endpoint)?.strip_prefix(' ').map(str::to_owned);
        let Some(found) = text.lines().rev().find_map(of_it) else { return Ok(None) };
        let unreadable =
            |error| self.failed()(io::Error::new(io::ErrorKind::InvalidData, format!("{endpoint}: {error}")));
        found.parse().map(Some).map_err(unreadable)
    }

    /// Knows it by this from now on.
    pub(in crate::transfer) fn remember(&self, endpoint: &str, fingerprint: Fingerprint) -> Result<(), TransferError> {
        let text = self.text()?;
        // A line that cannot be read is not counted on any more.
        if self.find(endpoint).ok().flatten() == Some(fingerprint) {
            return Ok(());
        }
        if let Some(folder) = self.0.parent() {
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder).map_err(self.failed())?;
        }
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One write at the end: others who do the same at once lose nothing.
        let unended = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let line = format!("{unended}{endpoint} {fingerprint}\n");
        let append = |mut file: fs::File| file.write_all(line.as_bytes());
        options.create(true).append(true).open(self.0).and_then(append).map_err(self.failed())
    }

    fn text(&self) -> Result<String, TransferError> {
        match fs::read(self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            outcome => Ok(String::from_utf8_lossy(&outcome.map_err(self.failed())?).into_owned()),
        }
    }

    fn failed(&self) -> impl Fn(io::Error) -> TransferError {
        let place = PathBuf::from(self.0).display().to_string();
        move |source| TransferError::KnownServers { place: place.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_server_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/known_servers");
        let known = KnownServers(&path);
        let (first, second) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
        assert_eq!(known.find("a:1").unwrap(), None);
        for (endpoint, fingerprint) in [("a:1", first), ("a:12", second), ("a:1", first), ("a:1", second)] {
            known.remember(endpoint, fingerprint).unwrap();
            assert_eq!(known.find(endpoint).unwrap(), Some(fingerprint));
        }
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        fs::write(&path, b"a:1 SHA256:00\n\xFF").unwrap();
        assert!(known.find("a:1").unwrap_err().to_string().contains("known_servers"));
        known.remember("a:1", first).unwrap();
        assert_eq!(known.find("a:1").unwrap(), Some(first));
    }
}
