//! Detects a file's encoding from its first bytes, and converts UTF-16 to UTF-8.

use std::io::{self, Cursor, Read};

use crate::table::error::TableError;
use crate::table::file_format::FileFormat;

/// The byte order mark in UTF-8.
pub(in crate::table) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How much UTF-16 is converted at a time.
const CONVERTED_BYTES: u64 = 32 << 10;

/// A supported encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table) enum Encoding {
    Utf8,
    Utf16 { little_endian: bool },
}

/// The first bytes of files that are often mistaken for CSV files.
const MAGIC_BYTES: [(&[u8], FileFormat); 13] = [
    (b"PK\x03\x04", FileFormat::Zip),
    (b"\xD0\xCF\x11\xE0", FileFormat::Xls),
    (b"\x1F\x8B", FileFormat::Gzip),
    (b"\x28\xB5\x2F\xFD", FileFormat::Zstd),
    (b"\xFD7zXZ\0", FileFormat::Xz),
    (b"BZh91AY&SY", FileFormat::Bzip2),
    (b"PAR1", FileFormat::Parquet),
    (b"Obj\x01", FileFormat::Avro),
    (b"\x89HDF\r\n\x1A\n", FileFormat::Hdf5),
    (b"SQLite format 3\0", FileFormat::Sqlite),
    (b"%PDF-", FileFormat::Pdf),
    (b"\xFF\xFE\0\0", FileFormat::Utf32),
    (b"\0\0\xFE\xFF", FileFormat::Utf32),
];

/// Detects the encoding of a file from its beginning.
///
/// # Errors
/// [`TableError::NotText`] for compressed files, workbooks, other binary formats and UTF-32.
pub(in crate::table) fn detect(start: &[u8]) -> Result<Encoding, TableError> {
    if let Some((_, format)) = MAGIC_BYTES.into_iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(TableError::NotText { format });
    }
    Ok(match start {
        [0xFF, 0xFE, ..] => Encoding::Utf16 { little_endian: true },
        [0xFE, 0xFF, ..] => Encoding::Utf16 { little_endian: false },
        _ => detect_without_byte_order_mark(start),
    })
}

/// Detects UTF-16 without a byte order mark: a header is nearly all ASCII, so every other byte is zero.
fn detect_without_byte_order_mark(start: &[u8]) -> Encoding {
    let (pairs, _) = start.as_chunks::<2>();
    let first = || pairs.iter().take(32);
    let zeros = |position: usize| first().filter(|pair| pair[position] == 0).count();
    let nearly_all = |zeros: usize, others: usize| zeros > 8 * others && zeros * 4 >= first().count() * 3;
    match (zeros(0), zeros(1)) {
        (even, odd) if nearly_all(odd, even) => Encoding::Utf16 { little_endian: true },
        (even, odd) if nearly_all(even, odd) => Encoding::Utf16 { little_endian: false },
        _ => detect_without_latin_letters(start),
    }
}

/// Detects UTF-16 without a byte order mark and with few Latin letters: digits, delimiters and line breaks have one
/// zero byte each, all of them at even positions or all at odd ones.
fn detect_without_latin_letters(start: &[u8]) -> Encoding {
    let (pairs, _) = start.as_chunks::<2>();
    let is_utf16 = |little_endian: bool| {
        let units: Vec<u16> = pairs.iter().map(|pair| utf16_unit(*pair, little_endian)).collect();
        let ascii = units.iter().filter(|unit| **unit < 0x80).count();
        let control = |unit: &u16| *unit < 0x20 && ![0x09, 0x0A, 0x0D].contains(unit);
        let low_zeros = units.iter().filter(|unit| unit.to_le_bytes()[0] == 0).count();
        // The last character may be cut off after one of its two units.
        let malformed =
            char::decode_utf16(units.iter().take(units.len().saturating_sub(1)).copied()).any(|c| c.is_err());
        ascii >= 3
            && 16 * ascii >= units.len()
            && 8 * low_zeros <= units.len()
            && units.contains(&0x0A)
            && !units.iter().any(control)
            && !malformed
    };
    match [true, false].into_iter().find(|little_endian| is_utf16(*little_endian)) {
        Some(little_endian) => Encoding::Utf16 { little_endian },
        None => Encoding::Utf8,
    }
}

/// Reads text from `inner` and converts it to UTF-8.
pub(in crate::table) struct Utf8Reader<R> {
    inner: R,
    /// The byte order of UTF-16; `None` for UTF-8.
    little_endian: Option<bool>,
    /// Bytes of an incomplete character at the end of the last read.
    incomplete: Vec<u8>,
    /// Converted text; the bytes before the cursor have been returned.
    text: Cursor<Vec<u8>>,
}

impl<R: Read> Utf8Reader<R> {
    pub(in crate::table) fn new(inner: R, encoding: Encoding) -> Self {
        let little_endian = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16 { little_endian } => Some(little_endian),
        };
        Self { inner, little_endian, incomplete: Vec::new(), text: Cursor::default() }
    }

    pub(in crate::table) fn inner(&self) -> &R {
        &self.inner
    }

    /// Converts the next bytes to `text`, which stays empty only at the end of the file.
    fn decode(&mut self, little_endian: bool) -> io::Result<()> {
        self.text = Cursor::default();
        while self.text.get_ref().is_empty() {
            let count = self.inner.by_ref().take(CONVERTED_BYTES).read_to_end(&mut self.incomplete)?;
            if count == 0 {
                return if self.incomplete.is_empty() { Ok(()) } else { Err(malformed()) };
            }
            self.decode_units(little_endian)?;
        }
        Ok(())
    }

    fn decode_units(&mut self, little_endian: bool) -> io::Result<()> {
        let (pairs, odd) = self.incomplete.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| utf16_unit(*pair, little_endian)).collect();
        let mut incomplete = odd.to_vec();
        // A high surrogate waits for its low surrogate.
        if units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
            units.pop();
            incomplete.splice(0..0, pairs.last().copied().into_iter().flatten());
        }
        let text: Result<String, _> = char::decode_utf16(units).collect();
        self.text = Cursor::new(text.map_err(|_| malformed())?.into_bytes());
        self.incomplete = incomplete;
        Ok(())
    }
}

fn utf16_unit(pair: [u8; 2], little_endian: bool) -> u16 {
    if little_endian { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed UTF-16")
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(little_endian) = self.little_endian else { return self.inner.read(buffer) };
        let count = self.text.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        self.decode(little_endian)?;
        self.text.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little_endian: bool) -> Vec<u8> {
        let bytes = |unit: u16| if little_endian { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// Returns one byte per read.
    struct OneByte<'a>(&'a [u8]);

    impl Read for OneByte<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            (&mut self.0).take(1).read(buffer)
        }
    }

    #[test]
    fn utf16_is_detected_with_and_without_byte_order_mark_and_converted() {
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
                assert_eq!(detect(&bytes).unwrap(), Encoding::Utf16 { little_endian }, "{text:?}");
                let mut read = String::new();
                Utf8Reader::new(OneByte(&bytes), Encoding::Utf16 { little_endian }).read_to_string(&mut read).unwrap();
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
            assert_eq!(detect(text.as_bytes()).unwrap(), Encoding::Utf8, "{text:?}");
        }
    }

    #[test]
    fn malformed_utf16_is_an_error() {
        for bytes in [&b"a\0b"[..], &[0, 0xD8, b'a', 0], &[0, 0xDC], &[b'a', 0, 0, 0xD8]] {
            let mut utf8 = Utf8Reader::new(bytes, Encoding::Utf16 { little_endian: true });
            assert_eq!(utf8.read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[test]
    fn other_file_formats_are_detected() {
        for (start, word) in [
            (&b"PK\x03\x04\x14"[..], "workbook"),
            (b"\xD0\xCF\x11\xE0\xA1", "XLS"),
            (b"\x1F\x8B\x08", "gzip"),
            (b"\x28\xB5\x2F\xFD", "zstd"),
            (b"\xFD7zXZ\0\0", "xz"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
        ] {
            assert!(
                matches!(detect(start), Err(TableError::NotText { format }) if format.to_string().contains(word)),
                "{word}"
            );
        }
    }
}
