//! The file with the message: read by offset, split into parts, and checked for changes.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Bytes that are compared at a time; they fit into the processor's cache.
const COMPARE_BYTES: usize = 64 << 10;

/// Bytes of the longest character in UTF-8.
const MAX_CHARACTER_BYTES: u64 = 4;

/// A message in a file.
#[derive(Debug)]
pub struct Source {
    file: File,
    name: String,
    stamp: FileStamp,
}

/// Identifies a version of a file's content. Renaming it or changing its permissions does not matter.
#[derive(Debug, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    modified: (i64, i64),
}

impl Source {
    /// Opens the file at `path`. A pipe or device is first copied to an unnamed file in the directory `spool`.
    ///
    /// # Errors
    /// If the file cannot be opened or read, is a directory, or the copy cannot be written.
    pub fn open(path: &Path, spool: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.display().to_string();
        // Files of the kernel, as in /proc, report a length of 0 but are not empty.
        if meta.is_file() && meta.len() > 0 { Self::new(file, name) } else { Self::spool(file, name, spool) }
    }

    /// Copies all of `input` to an unnamed file in the directory `spool`.
    ///
    /// # Errors
    /// If `input` cannot be read or the copy cannot be written.
    pub fn spool(mut input: impl Read, name: String, spool: &Path) -> io::Result<Self> {
        let mut file = tempfile::tempfile_in(spool)?;
        io::copy(&mut input, &mut file)?;
        Self::new(file, name)
    }

    fn new(file: File, name: String) -> io::Result<Self> {
        let stamp = FileStamp::of(&file.metadata()?);
        Ok(Self { file, name, stamp })
    }

    /// Returns the name for error messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the length in bytes.
    pub fn length(&self) -> u64 {
        self.stamp.length
    }

    /// Returns whether the file was modified since it was opened.
    pub(super) fn has_changed(&self) -> bool {
        self.file.metadata().map_or(true, |meta| FileStamp::of(&meta) != self.stamp)
    }

    /// Fills `bytes` from `offset`.
    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    /// Returns whether the message has `bytes` at `offset`.
    pub(super) fn contains_at(&self, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        let mut own = vec![0; COMPARE_BYTES.min(bytes.len())];
        for (bytes, offset) in bytes.chunks(COMPARE_BYTES).zip((offset..).step_by(COMPARE_BYTES)) {
            own.truncate(bytes.len());
            self.read(offset, &mut own)?;
            if own != bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the ranges of `count` contiguous parts of nearly equal length. No UTF-8 character is split.
    pub(super) fn split(&self, count: u32) -> io::Result<Vec<Range<u64>>> {
        let (length, count) = (self.length(), u64::from(count));
        // length · number may exceed 64 bits.
        let even = |number: u64| (u128::from(length) * u128::from(number) / u128::from(count)) as u64;
        let cuts: Vec<u64> = (0..=count).map(|number| self.before_character(even(number))).collect::<Result<_, _>>()?;
        Ok(cuts.windows(2).filter_map(|pair| Some(*pair.first()?..*pair.last()?)).collect())
    }

    /// Returns `cut`, or the beginning of the character that it would split.
    fn before_character(&self, cut: u64) -> io::Result<u64> {
        let begin = cut.saturating_sub(MAX_CHARACTER_BYTES - 1);
        let end = self.length().min(cut + MAX_CHARACTER_BYTES - 1);
        let mut around = vec![0; (end - begin) as usize];
        self.read(begin, &mut around)?;
        let splits = |start: &u64| begins_with_longer_character(&around[(start - begin) as usize..], cut - start);
        Ok((begin..cut).find(splits).unwrap_or(cut))
    }
}

impl FileStamp {
    fn of(meta: &Metadata) -> Self {
        Self { length: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) }
    }
}

/// Returns whether `bytes` begin with a UTF-8 character of more than `length` bytes.
fn begins_with_longer_character(bytes: &[u8], length: u64) -> bool {
    // RFC 3629 §3: the first byte determines the length.
    let encoded = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return false,
    };
    encoded as u64 > length && bytes.get(..encoded).is_some_and(|character| std::str::from_utf8(character).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(message: &[u8], count: u32) -> Vec<Vec<u8>> {
        let spool = tempfile::tempdir().unwrap();
        let source = Source::spool(message, "message".into(), spool.path()).unwrap();
        let ranges = source.split(count).unwrap();
        ranges.into_iter().map(|range| message[range.start as usize..range.end as usize].to_vec()).collect()
    }

    #[test]
    fn characters_are_not_split() {
        assert_eq!(parts("aß".as_bytes(), 2), [b"a".to_vec(), "ß".as_bytes().to_vec()]);
        assert_eq!(parts("🦀".as_bytes(), 3), [vec![], vec![], "🦀".as_bytes().to_vec()]);
        assert_eq!(parts("日本語".as_bytes(), 2), ["日".as_bytes(), "本語".as_bytes()]);
    }

    #[test]
    fn binary_data_is_split_evenly() {
        assert_eq!(parts(&[0x80; 9], 3), [[0x80; 3]; 3]);
        assert_eq!(parts(&[0xF0; 9], 3), [[0xF0; 3]; 3]);
        assert_eq!(parts(b"", 2), [b"", b""]);
        assert_eq!(parts(b"a", 3), [b"".as_slice(), b"", b"a"]);
    }

    proptest! {
        #[test]
        fn parts_of_text_are_text_of_nearly_equal_length(text in "\\PC{0,40}", count in 1..9_u32) {
            let parts = parts(text.as_bytes(), count);
            prop_assert_eq!(parts.len(), count as usize);
            prop_assert_eq!(parts.concat(), text.as_bytes());
            for part in &parts {
                prop_assert!(std::str::from_utf8(part).is_ok());
                prop_assert!((part.len() as f64 - text.len() as f64 / f64::from(count)).abs() <= 4.0);
            }
        }

        #[test]
        fn parts_of_binary_data_add_up_to_it(bytes in proptest::collection::vec(any::<u8>(), 0..60), count in 1..9_u32) {
            prop_assert_eq!(parts(&bytes, count).concat(), bytes);
        }
    }
}
