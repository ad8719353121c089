//! What kind of file it is, by its first bytes; UTF-16 becomes UTF-8.

use std::io::{self, Read};

use super::error::TableError;

/// A byte order mark, as UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the file's characters are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16 { little_endian: bool },
}

/// Files that are often taken for CSV files: their first bytes, what they are, and what to do.
const OTHERS: [(&[u8], &str, &str); 11] = [
    (b"PK\x03\x04", "a workbook (XLSX, ODS) or another ZIP archive", WORKBOOK),
    (b"\xD0\xCF\x11\xE0", "a workbook of an old format (XLS)", WORKBOOK),
    (b"\x1F\x8B", "compressed with gzip", "Decompress it, for example with: gzip -dc old.csv.gz > new.csv"),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd", "Decompress it, for example with: zstd -dc old.csv.zst > new.csv"),
    (b"\xFD7zXZ\0", "compressed with xz", "Decompress it, for example with: xz -dc old.csv.xz > new.csv"),
    (b"BZh91AY&SY", "compressed with bzip2", "Decompress it, for example with: bzip2 -dc old.csv.bz2 > new.csv"),
    (b"PAR1", "a Parquet file", EXPORT),
    (b"Obj\x01", "an Avro file", EXPORT),
    (b"\x89HDF\r\n\x1A\n", "an HDF5 file", EXPORT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"%PDF-", "a PDF document", "Give the CSV file that the document was made from."),
];

const EXPORT: &str = "Export the table as CSV (UTF-8) with the program that made it.";

const WORKBOOK: &str = "Open it with a spreadsheet program and save its sheet as CSV (UTF-8).";

/// The encoding of a file that begins so.
///
/// # Errors
/// [`TableError::NotText`] for compressed files, workbooks and UTF-32.
pub(super) fn of(start: &[u8]) -> Result<Encoding, TableError> {
    if let Some((_, is, remedy)) = OTHERS.into_iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Err(TableError::NotText { is, remedy });
    }
    match start {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(TableError::NotText {
            is: "UTF-32 text",
            remedy: "Save it as UTF-8, for example with: iconv -f UTF-32 -t UTF-8 old.csv > new.csv",
        }),
        [0xFF, 0xFE, ..] => Ok(Encoding::Utf16 { little_endian: true }),
        [0xFE, 0xFF, ..] => Ok(Encoding::Utf16 { little_endian: false }),
        _ => Ok(without_mark(start)),
    }
}

/// UTF-16 without a byte order mark has its zero bytes in every other place, and nearly all of it in a header is ASCII.
fn without_mark(start: &[u8]) -> Encoding {
    let first = start.get(..start.len().min(64) & !1).unwrap_or_default();
    let zeros = |from: usize| first.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let nearly_all = |zeros: usize, others: usize| zeros > 8 * others && zeros * 8 >= first.len() * 3;
    match (zeros(0), zeros(1)) {
        (even, odd) if nearly_all(odd, even) => Encoding::Utf16 { little_endian: true },
        (even, odd) if nearly_all(even, odd) => Encoding::Utf16 { little_endian: false },
        _ => without_latin(start),
    }
}

/// UTF-16 without a byte order mark and with few Latin letters: digits, delimiters and line breaks have a zero byte each, at
/// even or at odd places only.
fn without_latin(start: &[u8]) -> Encoding {
    let (pairs, _) = start.as_chunks::<2>();
    let is_utf16 = |little_endian: bool| {
        let unit = |pair: &[u8; 2]| if little_endian { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
        let units: Vec<u16> = pairs.iter().map(unit).collect();
        let ascii = units.iter().filter(|unit| **unit < 0x80).count();
        let control = |unit: &u16| *unit < 0x20 && !b"\t\n\r".contains(&u8::try_from(*unit).unwrap_or_default());
        let wrong_place = units.iter().filter(|unit| unit.to_le_bytes()[0] == 0).count();
        // The last character may be cut in two.
        let malformed =
            char::decode_utf16(units.iter().take(units.len().saturating_sub(1)).copied()).any(|c| c.is_err());
        ascii >= 3
            && 16 * ascii >= units.len()
            && 8 * wrong_place <= units.len()
            && units.contains(&0x0A)
            && !units.iter().any(control)
            && !malformed
    };
    match [true, false].into_iter().find(|little_endian| is_utf16(*little_endian)) {
        Some(little_endian) => Encoding::Utf16 { little_endian },
        None => Encoding::Utf8,
    }
}

/// The text of `inner` as UTF-8, if it was UTF-16.
pub(super) struct Utf8<R> {
    inner: R,
    /// Whether the low byte comes first; `None`: it is UTF-8 already.
    little_endian: Option<bool>,
    /// Bytes of `inner` that are half a character.
    left: Vec<u8>,
    /// UTF-8 that was not asked for yet, from `given` on.
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        let little_endian = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16 { little_endian } => Some(little_endian),
        };
        Self { inner, little_endian, left: Vec::new(), text: Vec::new(), given: 0 }
    }

    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    /// Fills `text` from the next bytes; it stays empty at the end only.
    fn decode(&mut self, little_endian: bool) -> io::Result<()> {
        (self.text, self.given) = (Vec::new(), 0);
        let mut buffer = vec![0; 32 << 10];
        while self.text.is_empty() {
            let count = self.inner.read(&mut buffer)?;
            self.left.extend(buffer.get(..count).unwrap_or_default());
            if count == 0 {
                return if self.left.is_empty() { Ok(()) } else { Err(malformed()) };
            }
            self.take_units(little_endian)?;
        }
        Ok(())
    }

    fn take_units(&mut self, little_endian: bool) -> io::Result<()> {
        let (pairs, odd) = self.left.as_chunks::<2>();
        let unit = |pair: &[u8; 2]| if little_endian { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
        let mut units: Vec<u16> = pairs.iter().map(unit).collect();
        let mut left = odd.to_vec();
        // The first half of a character beyond the basic plane waits for the second.
        if units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            units.pop();
            left.splice(0..0, pairs.last().copied().unwrap_or_default());
        }
        let text: Result<String, _> = char::decode_utf16(units).collect();
        self.text = text.map_err(|_| malformed())?.into_bytes();
        self.left = left;
        Ok(())
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed UTF-16")
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(little_endian) = self.little_endian else { return self.inner.read(buffer) };
        if self.given == self.text.len() {
            self.decode(little_endian)?;
        }
        let count = self.text.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little_endian: bool) -> Vec<u8> {
        let bytes = |unit: u16| if little_endian { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            (&mut self.0).take(1).read(buffer)
        }
    }

    #[test]
    fn utf16_is_known_with_and_without_its_mark_and_read() {
        for little_endian in [true, false] {
            for text in [
                "\u{FEFF}age\tsbp\n50\t120\n",
                "a,b\n1,2\n",
                "\u{FEFF}größe,😀\n1,2\n",
                "возраст,давление\n50,120\n61,140\n",
                "年齢;血圧\r\n50;120\r\n",
                "имя\tвозраст\tдавление\tпульс\tкоммунальная аппаратура\nа\t50\t120\t70\tх\n",
            ] {
                let bytes = utf16(text, little_endian);
                assert_eq!(of(&bytes).unwrap(), Encoding::Utf16 { little_endian }, "{text:?}");
                let mut read = String::new();
                Utf8::new(Drops(&bytes), Encoding::Utf16 { little_endian }).read_to_string(&mut read).unwrap();
                assert_eq!(read, text);
            }
        }
        for text in [
            "a,b\n1,2\n",
            "",
            "a",
            "a\0,b\n",
            "a,b\n1,2\n3,4\0\0\n",
            "a,b\n1,2\n3,4\0\n",
            "возраст,давление\n50,\u{0}120\n",
            "a\0\0\0,b\0\0\0\n1\0\0\0,2\0\0\0\n",
        ] {
            assert_eq!(of(text.as_bytes()).unwrap(), Encoding::Utf8, "{text:?}");
        }
    }

    #[test]
    fn malformed_utf16_is_an_error() {
        for bytes in [&b"a\0b"[..], &[0, 0xD8, b'a', 0], &[0, 0xDC], &[b'a', 0, 0, 0xD8]] {
            let mut utf8 = Utf8::new(bytes, Encoding::Utf16 { little_endian: true });
            assert_eq!(utf8.read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[test]
    fn other_files_are_called_what_they_are() {
        for (start, word) in [
            (&b"PK\x03\x04\x14"[..], "workbook"),
            (b"\xD0\xCF\x11\xE0\xA1", "XLS"),
            (b"\x1F\x8B\x08", "gzip"),
            (b"\x28\xB5\x2F\xFD", "zstd"),
            (b"\xFD7zXZ\0\0", "xz"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
        ] {
            assert!(matches!(of(start), Err(TableError::NotText { is, .. }) if is.contains(word)), "{word}");
        }
    }
}
