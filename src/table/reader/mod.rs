//! Streams the rows of a CSV file in constant memory: `opened_file` detects the dialect and sets up the CSV reader,
//! `header` reads the columns' names, `ragged_row` describes rows with the wrong number of fields.

mod header;
pub(super) mod opened_file;
mod ragged_row;

use std::cell;

use self::header::Header;
use self::opened_file::{OpenedFile, Rows};
use crate::foundation::decimal::{Decimal, ParseDecimalError};
use crate::foundation::observer::Observer;
use crate::table::detection::preview::{DOS_END_OF_FILE, Record};
use crate::table::detection::row_layout::RowLayout;
use crate::table::dialect::{Dialect, HeaderRow};
use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::error_details::DelimiterHint;
use crate::table::limits::MAX_ROW_BYTES;
use crate::table::numbers::missing_codes::MissingCodes;
use crate::table::numbers::number_format::{NumberFormat, trim};
use crate::table::text::line_breaks;
use crate::table::text::source::{CsvDigest, CsvSource, read_error};
use crate::table::text::syntax_check::SyntaxError;

/// The contents of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Blank, or a missing-value code.
    Missing,
    /// A number.
    Number(Decimal),
    /// Something else, and why it is not a number.
    Text(ParseDecimalError),
}

/// Reads rows one at a time. [`TableReader::next_row`] moves to the next row; the other methods describe the current
/// one.
pub struct TableReader<'o> {
    csv: csv::Reader<Rows<'o>>,
    record: csv::ByteRecord,
    /// The current row's first line, computed on demand: counting its line breaks takes as long as reading it.
    line: cell::Cell<Option<u64>>,
    first_line: u64,
    /// Whether the record that was read instead of a header is the first row.
    has_pending_row: bool,
    is_first_row: bool,
    delimiter: u8,
    is_delimiter_given: bool,
    /// For each byte, whether a row starts with it.
    first_bytes: [bool; 256],
    header: Header,
    layout: RowLayout,
    dialect: Dialect,
    number_format: NumberFormat,
    missing_codes: MissingCodes,
    /// The number from which a decimal comma was detected.
    comma_example: Option<String>,
    /// The line of the first row for which [`TableReader::contains_rows`] is true.
    quoted_rows: Option<u64>,
    delimiter_hint: Option<DelimiterHint>,
    path: String,
}

impl<'o> TableReader<'o> {
    /// Opens `source` and reads the header.
    ///
    /// # Errors
    /// [`TableError`] if the file cannot be read, is not text, or has no header, or if its dialect is ambiguous.
    pub fn open(source: &CsvSource, dialect: &Dialect, observer: Observer<'o>) -> Result<Self, TableError> {
        let is_delimiter_given = dialect.delimiter.is_some();
        let OpenedFile { csv, first_line, dialect, detected, delimiter_hint } =
            OpenedFile::open(source, dialect, observer)?;
        let reader = Self {
            csv,
            record: csv::ByteRecord::new(),
            line: cell::Cell::default(),
            first_line,
            has_pending_row: false,
            is_first_row: true,
            delimiter: detected.delimiter,
            is_delimiter_given,
            first_bytes: [false; 256],
            header: Header::default(),
            layout: detected.layout,
            number_format: dialect.number_format(),
            missing_codes: MissingCodes::new(&dialect.missing, dialect.number_format()),
            dialect,
            comma_example: detected.comma_example,
            quoted_rows: None,
            delimiter_hint,
            path: source.name().to_owned(),
        };
        reader.with_header(detected.records.get(1))
    }

    /// The columns' names, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// The dialect, with all detected parameters.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Moves to the next row, skipping blank lines. Returns `false` at the end of the file.
    ///
    /// # Errors
    /// [`TableError`] if the file cannot be read, or if the row has the wrong number of fields, is too long, is quoted
    /// incorrectly or is not UTF-8.
    pub fn next_row(&mut self) -> Result<bool, TableError> {
        let mut found = std::mem::take(&mut self.has_pending_row) || self.read_record()?;
        while found && (self.width() > 1 && self.is_blank() || self.is_end_of_dos_file()) {
            found = self.read_record()?;
        }
        if found && self.contains_rows() {
            self.quoted_rows.get_or_insert(self.line());
        }
        if found && !self.is_complete() {
            return Err(TableError::Ragged(Box::new(self.ragged_row())));
        }
        self.is_first_row = false;
        if let Some(first) = self.record.as_slice().first() {
            self.first_bytes[usize::from(*first)] = true;
        }
        Ok(found)
    }

    /// The current row's first line, from 1.
    pub fn line(&self) -> u64 {
        self.line.get().unwrap_or_else(|| {
            // The CSV reader is past the row's line break; the other breaks of the row are inside its fields.
            let end = self.first_line + self.csv.position().line();
            let line = end.saturating_sub(2 + self.breaks_inside());
            self.line.set(Some(line));
            line
        })
    }

    /// The current row's cell in the column at `position` (from 0).
    pub fn cell(&self, position: usize) -> Cell {
        let cell = self.field(position);
        if self.missing_codes.is_blank_or_code(cell) {
            return Cell::Missing;
        }
        match self.number_format.parse(cell) {
            Ok(number) if self.missing_codes.has_number(number) => Cell::Missing,
            Ok(number) => Cell::Number(number),
            Err(reason) => Cell::Text(reason),
        }
    }

    /// The text of that cell, shortened for error messages.
    pub fn excerpt(&self, position: usize) -> String {
        excerpt(self.field(position))
    }

    /// The digest of the file, once all rows have been read.
    pub fn digest(&self) -> CsvDigest {
        let lines = self.csv.get_ref().inner().get_ref().1;
        lines.inner().inner().get_ref().1.digest()
    }

    /// The text of the cell at `position`, without surrounding white space; empty if the row ends before it.
    pub(super) fn field(&self, position: usize) -> &[u8] {
        trim(self.record.get(position + self.offset()).unwrap_or_default())
    }

    /// The current row's name, if the rows have names that the header does not name.
    pub(super) fn row_name(&self) -> Option<&[u8]> {
        (self.layout == RowLayout::RowNames).then(|| trim(self.record.get(0).unwrap_or_default()))
    }

    /// The number of the field that contains a column's cells, from 1.
    pub(super) fn field_number(&self, position: usize) -> usize {
        position + self.offset() + 1
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn layout(&self) -> RowLayout {
        self.layout
    }

    pub(super) fn record(&self) -> &csv::ByteRecord {
        &self.record
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) fn is_delimiter_given(&self) -> bool {
        self.is_delimiter_given
    }

    pub(super) fn is_first_row(&self) -> bool {
        self.is_first_row
    }

    /// Whether an earlier row starts with this byte.
    pub(super) fn has_row_starting_with(&self, byte: u8) -> bool {
        self.first_bytes[usize::from(byte)]
    }

    pub(super) fn missing_codes(&self) -> &MissingCodes {
        &self.missing_codes
    }

    pub(super) fn comma_example(&self) -> Option<&str> {
        self.comma_example.as_deref()
    }

    /// The first line that is skipped as a comment although it has as many cells as a row.
    pub(super) fn comment_like_row(&self) -> Option<u64> {
        (self.width() > 1).then(|| self.csv.get_ref().comment_like_row(self.width()))?
    }

    /// The line of the first row with a quoted field that seems to contain whole rows.
    pub(super) fn quoted_rows(&self) -> Option<u64> {
        self.quoted_rows
    }

    pub(super) fn delimiter_hint(&self) -> Option<DelimiterHint> {
        self.delimiter_hint
    }

    /// The number of line breaks in the current row's fields.
    pub(super) fn breaks_inside(&self) -> u64 {
        line_breaks::count(self.record.as_slice())
    }

    /// The number of fields before that of the first column.
    pub(super) fn offset(&self) -> usize {
        usize::from(self.layout == RowLayout::RowNames)
    }

    /// The number of fields in a complete row.
    pub(super) fn width(&self) -> usize {
        self.header.names.len() + self.offset()
    }

    /// Whether the current row has an allowed number of fields.
    fn is_complete(&self) -> bool {
        let (found, width) = (self.record.len(), self.width());
        match self.layout {
            _ if self.dialect.fill_short_rows && found <= width => true,
            RowLayout::Regular => (self.header.min_width..=width).contains(&found),
            RowLayout::TrailingDelimiter if found == width + 1 => self.field(width).is_empty(),
            RowLayout::RowNames | RowLayout::TrailingDelimiter => found == width,
        }
    }

    /// Whether the current record is empty or one blank field.
    fn is_blank(&self) -> bool {
        self.record.len() <= 1 && trim(self.record.get(0).unwrap_or_default()).is_empty()
    }

    /// Whether the current record is the end-of-file character of DOS.
    fn is_end_of_dos_file(&self) -> bool {
        self.record.as_slice() == DOS_END_OF_FILE
    }

    /// Whether a quoted field contains line breaks between what would be complete rows without the quotation marks.
    fn contains_rows(&self) -> bool {
        if self.breaks_inside() == 0 || self.width() < 2 {
            return false;
        }
        let delimiter = self.delimiter;
        let text = self.record.iter().collect::<Vec<_>>().join(&delimiter);
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.all(|line| line.split(|byte| *byte == delimiter).count() == self.width())
    }

    /// Reads the next record and checks its text. Returns `false` at the end of the file.
    fn read_record(&mut self) -> Result<bool, TableError> {
        self.line.set(None);
        let line = self.first_line + self.csv.position().line() - 1;
        let found = self.csv.read_byte_record(&mut self.record).map_err(|error| self.read_failed(error, line))?;
        let bytes = self.record.as_slice();
        if std::str::from_utf8(bytes).is_err() {
            let invalid = |field: &[u8]| std::str::from_utf8(field).is_err();
            if let Some(position) = self.record.iter().position(invalid) {
                return Err(TableError::InvalidUtf8 { line: self.line(), field: position + 1 });
            }
        }
        if self.csv.get_ref().has_nul() && bytes.contains(&0) {
            return Err(TableError::NulByte { line: self.line() });
        }
        Ok(found)
    }

    /// Converts an error of the CSV reader, which was at `line`.
    fn read_failed(&self, error: csv::Error, line: u64) -> TableError {
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => std::io::Error::other(format!("{other:?}")),
        };
        match source.get_ref().and_then(|error| error.downcast_ref()) {
            Some(SyntaxError::Long) => TableError::LongRow { line, limit: MAX_ROW_BYTES },
            Some(SyntaxError::OpenQuote { opened }) => TableError::OpenQuote { line: *opened },
            Some(SyntaxError::TextAfterQuote { line, opened, next }) => TableError::TextAfterQuote {
                line: *line,
                opened: *opened,
                delimiter: b" \t;,|".contains(next).then(|| char::from(*next)),
            },
            None => read_error(&self.path, source),
        }
    }

    /// Reads the header, or the first row of a table without a header. Skips blank lines above it.
    fn with_header(mut self, next: Option<&Record>) -> Result<Self, TableError> {
        let absent = self.dialect.header == HeaderRow::Absent;
        while self.read_record()?
            && (self.is_blank() || !absent && self.record.iter().all(|field| trim(field).is_empty()))
        {}
        if self.is_blank() {
            return Err(TableError::Empty);
        }
        self.has_pending_row = self.dialect.header == HeaderRow::Absent;
        self.header = match self.dialect.header {
            HeaderRow::Absent => Header::with_default_names(self.record.len()),
            _ => Header::read(&self.record, self.line(), next, &self.dialect)?,
        };
        Ok(self)
    }
}
