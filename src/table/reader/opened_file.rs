//! Opens a CSV file: from its bytes to its records, by way of encoding, line breaks, dialect detection and syntax
//! check.

use std::io::{Chain, Cursor, Read};

use crate::foundation::observer::Observer;
use crate::table::detection::delimiter_hint;
use crate::table::detection::preview::Preview;
use crate::table::detection::{self, Detected};
use crate::table::dialect::Dialect;
use crate::table::error::TableError;
use crate::table::error_details::DelimiterHint;
use crate::table::file_format::LineConversion;
use crate::table::limits::MAX_ROW_BYTES;
use crate::table::text::character_encoding::{self, Encoding, Utf8Reader};
use crate::table::text::line_breaks::LineBreakNormalizer;
use crate::table::text::source::{CsvSource, HashingReader};
use crate::table::text::syntax_check::SyntaxChecker;

/// The size of the CSV reader's buffer.
const BUFFER_BYTES: usize = 128 << 10;

/// How much of the file is examined to detect its encoding.
const SIGNATURE_BYTES: u64 = 1024;

type Lines<'o> = LineBreakNormalizer<Utf8Reader<Chain<Cursor<Vec<u8>>, HashingReader<'o>>>>;

/// The bytes of a table's rows: UTF-8 with LF line breaks, checked.
pub(super) type Rows<'o> = SyntaxChecker<Chain<Cursor<Vec<u8>>, Lines<'o>>>;

/// An open CSV file before its first record, and what its beginning shows.
pub(super) struct OpenedFile<'o> {
    pub(super) csv: csv::Reader<Rows<'o>>,
    /// The number of the first line that `csv` reads, from 1.
    pub(super) first_line: u64,
    /// The dialect, with all detected parameters.
    pub(super) dialect: Dialect,
    pub(super) detected: Detected,
    /// What may separate the cells, if the table seems to have one column.
    pub(super) delimiter_hint: Option<DelimiterHint>,
}

impl<'o> OpenedFile<'o> {
    /// Opens `source` and detects the parameters that `dialect` leaves open.
    pub(super) fn open(source: &CsvSource, dialect: &Dialect, observer: Observer<'o>) -> Result<Self, TableError> {
        let failed = |error| source.read_error(error);
        let mut bytes = source.read(observer)?;
        let mut start = Vec::new();
        bytes.by_ref().take(SIGNATURE_BYTES).read_to_end(&mut start).map_err(failed)?;
        let encoding = character_encoding::detect(&start)?;
        let mut lines = LineBreakNormalizer::new(Utf8Reader::new(Cursor::new(start).chain(bytes), encoding));
        let preview = Preview::read(&mut lines, dialect.skip_lines, dialect.comment).map_err(failed)?;
        let detected = detection::detect(&preview, dialect)?;
        let one_column = detected.records.first().is_some_and(|record| record.fields.len() == 1);
        let delimiter_hint = one_column.then(|| delimiter_hint::hint(&preview, &detected.records, dialect)).flatten();
        let dialect = Dialect {
            delimiter: Some(detected.delimiter),
            decimal_separator: Some(detected.decimal_separator),
            ..dialect.clone()
        };
        let first_line = preview.line;
        let rows = Cursor::new(preview.into_text()).chain(lines);
        let rows = SyntaxChecker::new(rows, dialect.syntax(detected.delimiter), MAX_ROW_BYTES, first_line);
        let csv = dialect.csv_reader(detected.delimiter).buffer_capacity(BUFFER_BYTES).from_reader(rows);
        Ok(Self { csv, first_line, dialect, detected, delimiter_hint })
    }
}

/// If `error` is about lines of a file that line-oriented tools cannot edit, adds the conversion that must come first.
pub(in crate::table) fn with_conversion(error: TableError, source: &CsvSource) -> TableError {
    if !error.is_about_lines() {
        return error;
    }
    let mut start = Vec::new();
    let read =
        source.read(Observer::null()).is_ok_and(|bytes| bytes.take(SIGNATURE_BYTES).read_to_end(&mut start).is_ok());
    match conversion_for(&start).filter(|_| read) {
        Some(conversion) => TableError::NeedsConversion { error: Box::new(error), conversion },
        None => error,
    }
}

/// Returns the conversion that a file with this beginning needs, if any.
fn conversion_for(start: &[u8]) -> Option<LineConversion> {
    let has_mark = start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]);
    match character_encoding::detect(start).ok()? {
        Encoding::Utf16 { .. } if has_mark => Some(LineConversion::Utf16),
        Encoding::Utf16 { little_endian: true } => Some(LineConversion::Utf16LittleEndian),
        Encoding::Utf16 { little_endian: false } => Some(LineConversion::Utf16BigEndian),
        Encoding::Utf8 if start.contains(&b'\r') && !start.contains(&b'\n') => Some(LineConversion::CarriageReturn),
        Encoding::Utf8 => None,
    }
}
