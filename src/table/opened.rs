//! From a file's bytes to its records: encoding, line breaks, delimiter, quotation marks.

use std::io::{Chain, Cursor, Read};

use super::detect::{self, Found};
use super::dialect::Dialect;
use super::encoding::{self, Encoding, Utf8};
use super::error::TableError;
use super::likely::{self, Likely};
use super::limits::MAX_ROW_BYTES;
use super::line_breaks::LineBreaks;
use super::preview::Preview;
use super::row_guard::RowGuard;
use super::source::{CsvSource, HashingReader};
use crate::foundation::observer::{NullObserver, Observer};

/// How much is read at a time, in bytes.
const BUFFER: usize = 128 << 10;

/// How much of the file tells its encoding, in bytes.
const SIGNATURE: u64 = 1024;

type Lines<'o> = LineBreaks<Utf8<Chain<Cursor<Vec<u8>>, HashingReader<'o>>>>;

/// The bytes of a table's rows, checked.
pub(super) type Rows<'o> = RowGuard<Chain<Cursor<Vec<u8>>, Lines<'o>>>;

/// A table before its first record, and what its beginning tells.
pub(super) struct Opened<'o> {
    pub(super) csv: csv::Reader<Rows<'o>>,
    /// The number of the line that comes first, from 1.
    pub(super) first_line: u64,
    /// The dialect, with what was found out.
    pub(super) dialect: Dialect,
    pub(super) found: Found,
    pub(super) likely: Option<Likely>,
}

/// Opens `source` and finds out what `dialect` leaves open.
pub(super) fn open<'o>(
    source: &CsvSource,
    dialect: &Dialect,
    observer: &'o dyn Observer,
) -> Result<Opened<'o>, TableError> {
    let failed = |error| source.read_error(error);
    let mut bytes = source.read(observer)?;
    let mut start = Vec::new();
    bytes.by_ref().take(SIGNATURE).read_to_end(&mut start).map_err(failed)?;
    let encoding = encoding::of(&start)?;
    let mut lines = LineBreaks::new(Utf8::new(Cursor::new(start).chain(bytes), encoding));
    let preview = Preview::read(&mut lines, dialect.skip_lines, dialect.comment).map_err(failed)?;
    let found = detect::find(&preview, dialect)?;
    let one_column = found.records.first().is_some_and(|record| record.fields.len() == 1);
    let likely = one_column.then(|| likely::likely(&preview, &found.records, dialect)).flatten();
    let dialect =
        Dialect { delimiter: Some(found.delimiter), decimal_mark: Some(found.decimal_mark), ..dialect.clone() };
    let first_line = preview.line;
    let rows = Cursor::new(preview.into_text()).chain(lines);
    let rows = RowGuard::new(rows, dialect.rows(found.delimiter), MAX_ROW_BYTES, first_line);
    let csv = builder(found.delimiter, &dialect).buffer_capacity(BUFFER).from_reader(rows);
    Ok(Opened { csv, first_line, dialect, found, likely })
}

/// The same error; if its remedy edits lines, and the file's lines are none to sed, with what makes them such first.
pub(super) fn with_plain_lines(error: TableError, source: &CsvSource) -> TableError {
    let silent = NullObserver::default();
    let mut start = Vec::new();
    let read = source.read(&silent).is_ok_and(|bytes| bytes.take(SIGNATURE).read_to_end(&mut start).is_ok());
    if !read || !error.remedy().contains("sed ") {
        return error;
    }
    let has_mark = start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]);
    let command = match encoding::of(&start) {
        Ok(Encoding::Utf16 { .. }) if has_mark => "iconv -f UTF-16 -t UTF-8 old.csv > new.csv",
        Ok(Encoding::Utf16 { little_endian: true }) => "iconv -f UTF-16LE -t UTF-8 old.csv > new.csv",
        Ok(Encoding::Utf16 { little_endian: false }) => "iconv -f UTF-16BE -t UTF-8 old.csv > new.csv",
        Ok(Encoding::Utf8) if start.contains(&b'\r') && !start.contains(&b'\n') => "tr '\\r' '\\n' < old.csv > new.csv",
        _ => return error,
    };
    TableError::Lines { error: Box::new(error), command }
}

/// A reader of records of any width.
pub(super) fn builder(delimiter: u8, dialect: &Dialect) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(dialect.quotes).comment(dialect.comment);
    builder
}
