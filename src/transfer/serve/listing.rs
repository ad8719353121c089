//! Directory listings: the formats of their lines, and a reader that produces them while they are sent. An entry is
//! read only when its line is needed, so that a directory of any size takes the memory of one line.
//!
//! Entries come in the order of the file system. RFC 959 and RFC 3659 require none, and sorting would hold the whole
//! list in memory for each client that does not read it.

use std::io::{self, Read};

use chrono::DateTime;

use crate::foundation::root_dir::{Entry, EntryKind};

/// Formats a line of MLSD and MLST (RFC 3659, section 7.2).
pub(super) fn mlsx_facts(name: &str, entry: &Entry) -> String {
    let kind = if entry.kind == EntryKind::Directory { "dir" } else { "file" };
    format!("type={kind};size={};modify={}; {name}", entry.bytes, format_time(entry.modified))
}

/// Formats a line of LIST as `ls -l` does, which is what clients parse.
pub(super) fn list_line(name: &str, entry: &Entry) -> String {
    let mode = if entry.kind == EntryKind::Directory { "drwxr-xr-x" } else { "-rw-r--r--" };
    let modified = DateTime::from_timestamp(entry.modified, 0).unwrap_or_default();
    format!("{mode} 1 hestat hestat {:>13} {} {name}", entry.bytes, modified.format("%b %e  %Y"))
}

/// Formats a Unix time as in RFC 3659, section 2.3. A time that has no such form becomes 1970-01-01.
pub(super) fn format_time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y%m%d%H%M%S").to_string()
}

/// Reads a directory's entries as lines of text.
pub(super) struct Listing<I> {
    entries: I,
    format: fn(&str, &Entry) -> String,
    line: Vec<u8>,
    /// Bytes of `line` that have been read.
    position: usize,
    /// An error that occurred after complete lines had been read; returned by the next read.
    pending_error: Option<io::Error>,
}

impl<I: Iterator<Item = io::Result<(String, Entry)>>> Listing<I> {
    /// Creates a listing with one line for each entry.
    pub(super) fn new(entries: I, format: fn(&str, &Entry) -> String) -> Self {
        Self { entries, format, line: Vec::new(), position: 0, pending_error: None }
    }

    /// Formats the next entry; returns whether there was one.
    fn advance(&mut self) -> io::Result<bool> {
        let Some((name, entry)) = self.entries.next().transpose()? else { return Ok(false) };
        self.line.clear();
        self.line.extend_from_slice((self.format)(&name, &entry).as_bytes());
        self.line.extend_from_slice(b"\r\n");
        self.position = 0;
        Ok(true)
    }
}

impl<I: Iterator<Item = io::Result<(String, Entry)>>> Read for Listing<I> {
    /// Fills `buffer` with lines. Errors are returned between lines only.
    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len();
        while !buffer.is_empty() {
            if self.position == self.line.len() {
                match self.pending_error.take().map_or_else(|| self.advance(), Err) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) if buffer.len() == length => return Err(error),
                    Err(error) => {
                        self.pending_error = Some(error);
                        break;
                    }
                }
            }
            let count = (&self.line[self.position..]).read(buffer)?;
            self.position += count;
            buffer = &mut buffer[count..];
        }
        Ok(length - buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> impl Iterator<Item = io::Result<(String, Entry)>> {
        let entry = |bytes| Entry { kind: EntryKind::File, bytes, modified: 0, nanoseconds: 0, inode: 0 };
        (0..count).map(move |number| Ok((format!("name {number}"), entry(number))))
    }

    #[test]
    fn lines_are_complete_with_any_buffer_size() {
        let format = |name: &str, entry: &Entry| format!("{name}: {}", entry.bytes);
        for size in [1, 2, 7, 100, 4096] {
            let mut listing = Listing::new(entries(300), format);
            let (mut text, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                let count = listing.read(&mut buffer).unwrap();
                text.extend_from_slice(&buffer[..count]);
                if count == 0 {
                    break;
                }
            }
            let expected: String = (0..300).map(|number| format!("name {number}: {number}\r\n")).collect();
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn entries_are_read_only_when_needed() {
        let taken = std::cell::Cell::new(0);
        let counted = entries(1000).inspect(|_| taken.set(taken.get() + 1));
        let mut listing = Listing::new(counted, |name, _| name.to_owned());
        listing.read_exact(&mut [0; 100]).unwrap();
        assert!(taken.get() <= 100 / 8 + 1, "{}", taken.get());
    }

    #[test]
    fn an_error_between_entries_is_returned() {
        let broken = entries(1).chain([Err(io::ErrorKind::NotFound.into())]);
        let mut text = Vec::new();
        assert!(Listing::new(broken, |name, _| name.to_owned()).read_to_end(&mut text).is_err());
        assert_eq!(text, b"name 0\r\n");
    }
}
