//! The list of a folder while it is sent: an entry is read when there is room for its line, so that a folder of any size
//! takes the memory of one line.

use std::io::{self, Read};

use crate::foundation::root_dir::Entry;

/// A folder's entries, to be read as lines.
pub(super) struct Listing<I> {
    entries: I,
    format: fn(&str, &Entry) -> String,
    /// The line that is being read, and how much of it has been.
    line: Vec<u8>,
    read: usize,
    /// What came after the last whole line.
    failed: Option<io::Error>,
}

impl<I: Iterator<Item = io::Result<(String, Entry)>>> Listing<I> {
    /// A line for each of `entries`.
    pub(super) fn new(entries: I, format: fn(&str, &Entry) -> String) -> Self {
        Self { entries, format, line: Vec::new(), read: 0, failed: None }
    }

    /// Takes the next entry; whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        let Some((name, entry)) = self.entries.next().transpose()? else { return Ok(false) };
        self.line.clear();
        self.line.extend_from_slice((self.format)(&name, &entry).as_bytes());
        self.line.extend_from_slice(b"\r\n");
        self.read = 0;
        Ok(true)
    }
}

impl<I: Iterator<Item = io::Result<(String, Entry)>>> Read for Listing<I> {
    /// As many lines as there is room for. An error comes between two lines.
    fn read(&mut self, mut bytes: &mut [u8]) -> io::Result<usize> {
        let room = bytes.len();
        while !bytes.is_empty() {
            if self.read == self.line.len() {
                match self.failed.take().map_or_else(|| self.advance(), Err) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) if bytes.len() == room => return Err(error),
                    Err(error) => {
                        self.failed = Some(error);
                        break;
                    }
                }
            }
            let count = self.line.get(self.read..).unwrap_or_default().read(bytes)?;
            self.read += count;
            bytes = bytes.get_mut(count..).unwrap_or_default();
        }
        Ok(room - bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::root_dir::EntryKind;

    fn entries(count: u64) -> impl Iterator<Item = io::Result<(String, Entry)>> {
        let entry = |bytes| Entry { kind: EntryKind::File, bytes, modified: 0, nanoseconds: 0, inode: 0 };
        (0..count).map(move |number| Ok((format!("name {number}"), entry(number))))
    }

    #[test]
    fn lines_come_whole_however_they_are_read() {
        let format = |name: &str, entry: &Entry| format!("{name}: {}", entry.bytes);
        for size in [1, 2, 7, 100, 4096] {
            let mut listing = Listing::new(entries(300), format);
            let (mut text, mut piece) = (Vec::new(), vec![0; size]);
            loop {
                let count = listing.read(&mut piece).unwrap();
                text.extend_from_slice(&piece[..count]);
                if count == 0 {
                    break;
                }
            }
            let expected: String = (0..300).map(|number| format!("name {number}: {number}\r\n")).collect();
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn an_entry_is_taken_only_when_there_is_room_for_it() {
        let taken = std::cell::Cell::new(0);
        let counted = entries(1000).inspect(|_| taken.set(taken.get() + 1));
        let mut listing = Listing::new(counted, |name, _| name.to_owned());
        listing.read_exact(&mut [0; 100]).unwrap();
        assert!(taken.get() <= 100 / 8 + 1, "{}", taken.get());
    }

    #[test]
    fn an_error_between_entries_is_told() {
        let broken = entries(1).chain([Err(io::ErrorKind::NotFound.into())]);
        let mut text = Vec::new();
        assert!(Listing::new(broken, |name, _| name.to_owned()).read_to_end(&mut text).is_err());
        assert_eq!(text, b"name 0\r\n");
    }
}
