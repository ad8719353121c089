//! The rows of a CSV file, one at a time, in constant memory.

use std::cell;

use super::dialect::{COMMENT_MARKS, Dialect, HeaderRow};
use super::error::{Ragged, TableError, shown};
use super::header::Header;
use super::likely::Likely;
use super::limits::MAX_ROW_BYTES;
use super::line_breaks;
use super::missing::MissingCodes;
use super::notation::{self, Forms};
use super::number::{NumberFormat, bare};
use super::opened::{self, Opened, Rows};
use super::preview::{DOS_END, Record};
use super::row_guard::RowFault;
use super::shape::Shape;
use super::source::{CsvDigest, CsvSource, read_error};
use crate::foundation::decimal::{Decimal, ParseDecimalError};
use crate::foundation::observer::Observer;

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, or a code that means it.
    Missing,
    /// A number.
    Number(Decimal),
    /// Something else, and why it is not taken as a number.
    Text(ParseDecimalError),
}

/// Reads rows; after [`TableReader::next_row`] said `true`, the other methods tell of that row.
pub struct TableReader<'o> {
    csv: csv::Reader<Rows<'o>>,
    record: csv::ByteRecord,
    /// Where the current row begins, once it was asked for: counting its line breaks takes as long as reading it.
    line: cell::Cell<Option<u64>>,
    first_line: u64,
    first_row_waits: bool,
    /// Whether no row was given yet.
    is_first: bool,
    /// Whether the user has named the delimiter.
    is_told_delimiter: bool,
    /// Whether a row has begun with this byte.
    is_begun_with: [bool; 256],
    header: Header,
    shape: Shape,
    dialect: Dialect,
    numbers: NumberFormat,
    missing: MissingCodes,
    comma_example: Option<String>,
    /// The line of the first row that [`TableReader::swallows_rows`] is true of.
    swallowing: Option<u64>,
    likely: Option<Likely>,
    path: String,
}

impl<'o> TableReader<'o> {
    /// Opens `source` and reads the header.
    ///
    /// # Errors
    /// [`TableError`] for an unreadable file, a wrong encoding, and a header that is none.
    pub fn open(source: &CsvSource, dialect: &Dialect, observer: &'o dyn Observer) -> Result<Self, TableError> {
        let is_told_delimiter = dialect.delimiter.is_some();
        let Opened { csv, first_line, dialect, found, likely } = opened::open(source, dialect, observer)?;
        let reader = Self {
            csv,
            record: csv::ByteRecord::new(),
            line: cell::Cell::default(),
            first_line,
            first_row_waits: false,
            is_first: true,
            is_told_delimiter,
            is_begun_with: [false; 256],
            header: Header::default(),
            shape: found.shape,
            numbers: dialect.numbers(),
            missing: MissingCodes::new(&dialect.missing, dialect.numbers()),
            dialect,
            comma_example: found.comma_example,
            swallowing: None,
            likely,
            path: source.name().to_owned(),
        };
        reader.with_header(found.records.get(1))
    }

    /// The columns' names, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// The dialect, with what was found out.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Goes to the next row; `false` at the end of the file. Blank lines are skipped.
    ///
    /// # Errors
    /// [`TableError`] for an unreadable file, a ragged or endless row, and bytes that are no UTF-8.
    pub fn next_row(&mut self) -> Result<bool, TableError> {
        let mut there = std::mem::take(&mut self.first_row_waits) || self.read_record()?;
        while there && (self.width() > 1 && self.is_blank() || self.is_end_of_dos_file()) {
            there = self.read_record()?;
        }
        if there && self.swallows_rows() {
            self.swallowing.get_or_insert(self.line());
        }
        if there && !self.is_complete() {
            return Err(TableError::Ragged(self.ragged()));
        }
        self.is_first = false;
        if let Some(first) = self.record.as_slice().first() {
            self.is_begun_with[usize::from(*first)] = true;
        }
        Ok(there)
    }

    /// The line in which the current row begins, from 1.
    pub fn line(&self) -> u64 {
        self.line.get().unwrap_or_else(|| {
            // The CSV reader stands behind the row's line break; the row's own breaks are inside its fields.
            let end = self.first_line + self.csv.position().line();
            let line = end.saturating_sub(2 + self.breaks_inside());
            self.line.set(Some(line));
            line
        })
    }

    /// What stands in the current row in the column at `position` (from 0).
    pub fn cell(&self, position: usize) -> Cell {
        let cell = self.field(position);
        if self.missing.has_text(cell) {
            return Cell::Missing;
        }
        match self.numbers.parse(cell) {
            Ok(number) if self.missing.has_number(number) => Cell::Missing,
            Ok(number) => Cell::Number(number),
            Err(reason) => Cell::Text(reason),
        }
    }

    /// The same cell as an error message shows it.
    pub fn shown(&self, position: usize) -> String {
        shown(self.field(position))
    }

    /// Digest of the file, when all rows have been read.
    pub fn digest(&self) -> CsvDigest {
        let lines = self.csv.get_ref().inner().get_ref().1;
        lines.inner().inner().get_ref().1.digest()
    }

    /// The same cell as it is written, without blanks around it.
    pub(super) fn field(&self, position: usize) -> &[u8] {
        bare(self.record.get(position + self.offset()).unwrap_or_default())
    }

    /// The current row's name, if rows have names that the header has none for.
    pub(super) fn row_name(&self) -> Option<&[u8]> {
        (self.shape == Shape::RowNames).then(|| bare(self.record.get(0).unwrap_or_default()))
    }

    /// The field that a column's cells stand in, from 1.
    pub(super) fn field_number(&self, position: usize) -> usize {
        position + self.offset() + 1
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn missing(&self) -> &MissingCodes {
        &self.missing
    }

    pub(super) fn comma_example(&self) -> Option<&str> {
        self.comma_example.as_deref()
    }

    /// The first line that is skipped as a comment although it has as many cells as a row.
    pub(super) fn comment_like_a_row(&self) -> Option<u64> {
        (self.width() > 1).then(|| self.csv.get_ref().comment_like_a_row(self.width()))?
    }

    pub(super) fn swallowing(&self) -> Option<u64> {
        self.swallowing
    }

    pub(super) fn likely(&self) -> Option<Likely> {
        self.likely
    }

    /// Line breaks in the current row's fields.
    pub(super) fn breaks_inside(&self) -> u64 {
        line_breaks::count(self.record.as_slice())
    }

    /// Fields before those of the first column.
    fn offset(&self) -> usize {
        usize::from(self.shape == Shape::RowNames)
    }

    /// Fields of a whole row.
    fn width(&self) -> usize {
        self.header.names.len() + self.offset()
    }

    fn is_complete(&self) -> bool {
        let (found, width) = (self.record.len(), self.width());
        match self.shape {
            _ if self.dialect.fill_short_rows && found <= width => true,
            Shape::Regular => (self.header.least..=width).contains(&found),
            Shape::TrailingDelimiter if found == width + 1 => self.field(width).is_empty(),
            Shape::RowNames | Shape::TrailingDelimiter => found == width,
        }
    }

    fn ragged(&self) -> Ragged {
        let delimiter = self.dialect.delimiter.unwrap_or(b',');
        let first = bare(self.record.get(0).unwrap_or_default());
        let begins = |name: &[u8], mark: u8| name.first() == Some(&mark);
        let header = self.header.names.first().map(String::as_bytes).unwrap_or_default();
        let is_free = |mark: &u8| {
            self.dialect.comment.is_none() && !begins(header, *mark) && !self.is_begun_with[usize::from(*mark)]
        };
        let comment = COMMENT_MARKS.into_iter().filter(is_free).find(|mark| begins(first, *mark));
        Ragged {
            line: self.line(),
            last_line: self.line() + self.breaks_inside(),
            expected: self.width(),
            found: self.record.len(),
            cell: shown(first),
            delimiter: char::from(delimiter),
            // One such line among others is a remark.
            quoted_line: self.is_first && self.record.len() == 1 && first.contains(&delimiter),
            is_text: self.numbers.parse(first).is_err(),
            readings: self.as_one_number(delimiter),
            comment: comment.map(char::from),
            spaced_header: self.header.is_spaced,
        }
    }

    /// How the row is one number with commas, below the one name of the header.
    fn as_one_number(&self, delimiter: u8) -> Vec<(String, String)> {
        if self.width() > 1 || delimiter != b',' || self.is_told_delimiter {
            return Vec::new();
        }
        let text = self.record.iter().collect::<Vec<_>>().join(&delimiter);
        notation::readings(&String::from_utf8_lossy(&text), Forms::of(&text), self.numbers)
    }

    /// Whether the current line holds nothing but spaces, or there is none.
    fn is_blank(&self) -> bool {
        self.record.len() <= 1 && bare(self.record.get(0).unwrap_or_default()).is_empty()
    }

    /// Whether there is nothing but the character by which DOS ended files.
    fn is_end_of_dos_file(&self) -> bool {
        self.record.as_slice() == DOS_END
    }

    /// Whether a quoted cell holds line breaks between what would be whole rows without the quotation marks.
    fn swallows_rows(&self) -> bool {
        if self.breaks_inside() == 0 || self.width() < 2 {
            return false;
        }
        let delimiter = self.dialect.delimiter.unwrap_or(b',');
        let text = self.record.iter().collect::<Vec<_>>().join(&delimiter);
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.all(|line| line.split(|byte| *byte == delimiter).count() == self.width())
    }

    fn read_record(&mut self) -> Result<bool, TableError> {
        self.line.set(None);
        let begin = self.first_line + self.csv.position().line() - 1;
        let there = self.csv.read_byte_record(&mut self.record).map_err(|error| self.reading_failed(error, begin))?;
        let bytes = self.record.as_slice();
        if std::str::from_utf8(bytes).is_err() {
            let invalid = |field: &[u8]| std::str::from_utf8(field).is_err();
            let field = self.record.iter().position(invalid).unwrap_or(0) + 1;
            return Err(TableError::Encoding { line: self.line(), field });
        }
        if self.csv.get_ref().has_zeros() && bytes.contains(&0) {
            return Err(TableError::NulByte { line: self.line() });
        }
        Ok(there)
    }

    fn reading_failed(&self, error: csv::Error, line: u64) -> TableError {
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => std::io::Error::other(format!("{other:?}")),
        };
        match source.get_ref().and_then(|fault| fault.downcast_ref()) {
            Some(RowFault::Long) => TableError::LongRow { line, limit: MAX_ROW_BYTES },
            Some(RowFault::OpenQuote { opened }) => TableError::OpenQuote { line: *opened },
            Some(RowFault::TextAfterQuote { line, opened, next }) => TableError::TextAfterQuote {
                line: *line,
                opened: *opened,
                likely: b" \t;,|".contains(next).then(|| char::from(*next)),
            },
            None => read_error(&self.path, source),
        }
    }

    fn with_header(mut self, next: Option<&Record>) -> Result<Self, TableError> {
        let absent = self.dialect.header == HeaderRow::Absent;
        while self.read_record()?
            && (self.is_blank() || !absent && self.record.iter().all(|field| bare(field).is_empty()))
        {}
        if self.is_blank() {
            return Err(TableError::Empty);
        }
        self.first_row_waits = self.dialect.header == HeaderRow::Absent;
        self.header = match self.dialect.header {
            HeaderRow::Absent => Header::numbered(self.record.len()),
            _ => Header::read(&self.record, self.line(), next, &self.dialect)?,
        };
        Ok(self)
    }
}
