//! The fingerprints of known endpoints, like `known_hosts` of ssh: a file with one line `endpoint fingerprint` each.
//! If an endpoint has several lines, the last one counts.

use std::fmt::Display;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::str::FromStr;

use super::fs::{create_private_directory, if_exists, private_file};
use super::{ownership, text_file};

/// A file of known endpoints, which may not exist yet. `F` is the type of the fingerprints.
#[derive(Debug, Clone, Copy)]
pub struct KnownHosts<'p, F> {
    path: &'p Path,
    fingerprint: PhantomData<F>,
}

impl<'p, F> KnownHosts<'p, F>
where
    F: FromStr<Err: Display> + Display + PartialEq,
{
    /// Refers to the file at `path`.
    pub fn at(path: &'p Path) -> Self {
        Self { path, fingerprint: PhantomData }
    }

    /// Returns the fingerprint of `endpoint`, if it is known.
    ///
    /// # Errors
    /// The file cannot be read, is not owned ([`OwnershipError`](ownership::OwnershipError)), or has an invalid line
    /// ([`io::ErrorKind::InvalidData`]), which could be the line of `endpoint`.
    pub fn find(&self, endpoint: &str) -> io::Result<Option<F>> {
        find(&self.text()?, endpoint)
    }

    /// Records the fingerprint of `endpoint`.
    ///
    /// # Errors
    /// As [`KnownHosts::find`], or the file cannot be written.
    pub fn remember(&self, endpoint: &str, fingerprint: &F) -> io::Result<()> {
        let text = self.text()?;
        if find(&text, endpoint)?.as_ref() == Some(fingerprint) {
            return Ok(());
        }
        if let Some(directory) = self.path.parent() {
            create_private_directory(directory)?;
        }
        // A single appending write, so that concurrent processes do not overwrite each other's lines.
        let line_break = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let line = format!("{line_break}{endpoint} {fingerprint}\n");
        private_file().create(true).append(true).open(self.path)?.write_all(line.as_bytes())
    }

    fn text(&self) -> io::Result<String> {
        if let Some(directory) = self.path.parent() {
            ownership::require_owned(directory)?;
        }
        if_exists(ownership::open_regular(self.path))?.map_or_else(|| Ok(String::new()), text_file::read)
    }
}

fn find<F: FromStr<Err: Display>>(text: &str, endpoint: &str) -> io::Result<Option<F>> {
    let mut found = None;
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let invalid =
            |reason: &dyn Display| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {reason}"));
        let (name, fingerprint) =
            line.split_once([' ', '\t']).ok_or_else(|| invalid(&"no fingerprint after the address"))?;
        let fingerprint = fingerprint.trim().parse().map_err(|error| invalid(&error))?;
        // Host names are case-insensitive (RFC 4343).
        if name.eq_ignore_ascii_case(endpoint) {
            found = Some(fingerprint);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_line_of_an_endpoint_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/known");
        let known = KnownHosts::at(&path);
        assert_eq!(known.find("a:1").unwrap(), None);
        for (endpoint, fingerprint) in [("a:1", 1_u32), ("a:12", 2), ("a:1", 1), ("a:1", 2)] {
            known.remember(endpoint, &fingerprint).unwrap();
            assert_eq!(known.find(endpoint).unwrap(), Some(fingerprint));
        }
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        fs::write(&path, "# mine\n\n\ta:1 \t 7 \n").unwrap();
        assert_eq!(known.find("a:1").unwrap(), Some(7));
        // Files written by an editor: byte order mark, CRLF, other case.
        fs::write(&path, "\u{FEFF}A:1 7\r\n").unwrap();
        assert_eq!(known.find("a:1").unwrap(), Some(7));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(known.find("a:1").is_err());
    }

    /// Even if the line belongs to another endpoint.
    #[test]
    fn an_invalid_line_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("known");
        let known = KnownHosts::<u32>::at(&path);
        let utf_16: Vec<u8> = "\u{FEFF}a:1 7\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for damaged in [&b"a:1 one\n"[..], b"b:1 2\na:1\n", b"a:1 7\n\xFF", &utf_16, &utf_16[2..], b"\0"] {
            fs::write(&path, damaged).unwrap();
            assert!(known.find("a:1").unwrap_err().to_string().starts_with("line "), "{damaged:?}");
            assert!(known.remember("a:1", &1).is_err());
            assert_eq!(fs::read(&path).unwrap(), damaged);
        }
    }
}
