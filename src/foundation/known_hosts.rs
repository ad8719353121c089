//! Those met before: a file with a line `endpoint fingerprint` for each, as ssh's `known_hosts`; the last one counts.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::str::FromStr;

use super::{ownership, text_file};

/// The file, which need not be there; `F` is what is remembered of an endpoint.
#[derive(Debug, Clone, Copy)]
pub struct KnownHosts<'p, F> {
    path: &'p Path,
    of: PhantomData<F>,
}

impl<'p, F> KnownHosts<'p, F>
where
    F: FromStr<Err: Display> + Display + PartialEq,
{
    /// The list in the file at `path`.
    pub fn at(path: &'p Path) -> Self {
        Self { path, of: PhantomData }
    }

    /// What `endpoint` is known by.
    ///
    /// # Errors
    /// Those of reading, [`OwnershipError`](ownership::OwnershipError), and [`io::ErrorKind::InvalidData`] if a line is none of such a file: it might have been that of
    /// `endpoint`.
    pub fn find(&self, endpoint: &str) -> io::Result<Option<F>> {
        find(&self.text()?, endpoint)
    }

    /// Knows `endpoint` by this from now on.
    ///
    /// # Errors
    /// As [`KnownHosts::find`], and those of writing.
    pub fn remember(&self, endpoint: &str, fingerprint: &F) -> io::Result<()> {
        let text = self.text()?;
        if find(&text, endpoint)?.as_ref() == Some(fingerprint) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder)?;
        }
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One write at the end: others who do the same at once lose nothing.
        let unended = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let line = format!("{unended}{endpoint} {fingerprint}\n");
        options.create(true).append(true).open(self.path)?.write_all(line.as_bytes())
    }

    fn text(&self) -> io::Result<String> {
        if let Some(folder) = self.path.parent() {
            ownership::require_private(folder)?;
        }
        let file = match ownership::open_regular(self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            outcome => outcome?,
        };
        text_file::read(file)
    }
}

fn find<F: FromStr<Err: Display>>(text: &str, endpoint: &str) -> io::Result<Option<F>> {
    let mut found = None;
    for (line, number) in
        text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
    {
        let unreadable =
            |why: &dyn Display| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {why}"));
        let (of, it) =
            line.split_once([' ', '\t']).ok_or_else(|| unreadable(&"it has an address and no fingerprint"))?;
        let it = it.trim().parse().map_err(|error| unreadable(&error))?;
        // Names of hosts are the same in any case (RFC 4343).
        found = if of.eq_ignore_ascii_case(endpoint) { Some(it) } else { found };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
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
        // As editors and people write it: what is written there is never taken for nothing.
        fs::write(&path, "\u{FEFF}A:1 7\r\n").unwrap();
        assert_eq!(known.find("a:1").unwrap(), Some(7));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(known.find("a:1").is_err());
    }

    /// Nor is what cannot be understood, by whichever endpoint it may be.
    #[test]
    fn a_file_that_is_none_knows_nobody_and_says_so() {
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
