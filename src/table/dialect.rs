//! How a CSV file is written: delimiter, decimal mark, header, missing tokens.

use serde::{Deserialize, Serialize};

use super::error::TableError;

/// Delimiters that are tried, best first on a tie.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Whether the first row holds the columns' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HeaderRow {
    /// It does; if all its cells are numbers, it seems not to, and that is an error.
    #[default]
    Expected,
    /// It does, whatever it looks like.
    Present,
    /// It does not: the columns are called `column1`, `column2`, …
    Absent,
}

/// How to read a CSV file. `Default` is what [`crate::table`] documents; every part can be overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The byte between cells; `None`: found out from the first line.
    pub delimiter: Option<u8>,
    /// The mark before the fraction, `.` or `,`.
    pub decimal_mark: u8,
    /// Whether the first row names the columns.
    pub header: HeaderRow,
    /// Cells that mean "no value", without regard to ASCII case; blank cells always do.
    pub missing: Vec<String>,
}

impl Default for Dialect {
    fn default() -> Self {
        let missing = ["NA", "N/A", "NaN", "null"].map(str::to_owned).to_vec();
        Self { delimiter: None, decimal_mark: b'.', header: HeaderRow::default(), missing }
    }
}

impl Dialect {
    /// Whether `cell`, already trimmed, means "no value".
    pub fn is_missing(&self, cell: &[u8]) -> bool {
        cell.is_empty() || self.missing.iter().any(|token| cell.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The delimiter to read with, given the start of the file (UTF-8 byte order mark included or not).
    ///
    /// # Errors
    /// [`TableError::Encoding`] if the start is that of a UTF-16 or UTF-32 file.
    pub fn delimiter_for(&self, start: &[u8]) -> Result<u8, TableError> {
        refuse_wide_encodings(start)?;
        Ok(self.delimiter.unwrap_or_else(|| detect_delimiter(start, self.decimal_mark)))
    }
}

fn refuse_wide_encodings(start: &[u8]) -> Result<(), TableError> {
    let wide = start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) || start.contains(&0);
    if wide { Err(TableError::WideEncoding) } else { Ok(()) }
}

/// The candidate that occurs most often outside quotes in the first line that has any text.
fn detect_delimiter(start: &[u8], decimal_mark: u8) -> u8 {
    let line = first_line(start);
    let mut quoted = false;
    let mut counts = [0_usize; CANDIDATES.len()];
    for byte in line {
        quoted ^= *byte == b'"';
        for (count, candidate) in counts.iter_mut().zip(CANDIDATES) {
            *count += usize::from(!quoted && *byte == candidate && candidate != decimal_mark);
        }
    }
    let ranked = CANDIDATES.iter().zip(counts).rev();
    ranked.max_by_key(|(_, count)| *count).map_or(b',', |(candidate, _)| *candidate)
}

/// The first line with text in it; a line break inside quotes does not end it.
fn first_line(start: &[u8]) -> &[u8] {
    let mut quoted = false;
    let ends_line = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && matches!(byte, b'\n' | b'\r')
    };
    start.split(ends_line).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_in_the_first_line() {
        for (start, delimiter) in [
            ("a,b,c\n1;2,3,4\n", b','),
            ("a;b;c\r\n1,5;2;3", b';'),
            ("\n\r\na\tb\n", b'\t'),
            ("\"x,y,z\";b\n", b';'),
            ("\"x\n,,,,\";b\n", b';'),
            ("a|b", b'|'),
            ("single\n1,2,3\n", b','),
            ("", b','),
        ] {
            assert_eq!(Dialect::default().delimiter_for(start.as_bytes()).unwrap(), delimiter, "{start:?}");
        }
    }

    #[test]
    fn a_decimal_comma_is_no_delimiter() {
        let dialect = Dialect { decimal_mark: b',', ..Dialect::default() };
        assert_eq!(dialect.delimiter_for(b"a,b,c;d\n").unwrap(), b';');
    }

    #[test]
    fn wide_encodings_are_refused() {
        for start in [&b"\xFF\xFEa\0,\0"[..], b"\xFE\xFF\0a", b"a\0,\0b\0"] {
            assert!(matches!(Dialect::default().delimiter_for(start), Err(TableError::WideEncoding)));
        }
    }

    #[test]
    fn missing_tokens_ignore_case_and_can_be_replaced() {
        assert!([&b""[..], b"na", b"NaN", b"NULL"].iter().all(|cell| Dialect::default().is_missing(cell)));
        let own = Dialect { missing: vec!["-9".into()], ..Dialect::default() };
        assert!(own.is_missing(b"-9") && own.is_missing(b"") && !own.is_missing(b"NA"));
    }
}
