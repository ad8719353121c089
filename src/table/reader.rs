//! The rows of a CSV file, one at a time, in constant memory.

use std::io::{BufRead, BufReader};

use super::dialect::{Dialect, HeaderRow};
use super::error::{TableError, shown};
use super::limits::MAX_ROW_BYTES;
use super::line_breaks::LineBreaks;
use super::source::{CsvDigest, CsvSource, HashingReader};
use crate::foundation::decimal::{Decimal, NotDecimal};
use crate::foundation::observer::Observer;

/// How much of the file the delimiter is looked for in, and how much is read at a time; in bytes.
const BUFFER: usize = 128 << 10;

/// A byte order mark, as UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, or a token that means it.
    Missing,
    /// A number.
    Number(Decimal),
    /// Something else, and why it is not taken as a number.
    Text(NotDecimal),
}

type Bytes<'o> = LineBreaks<BufReader<HashingReader<'o>>>;

/// Reads rows; after [`TableReader::next_row`] said `true`, the other methods tell of that row.
pub struct TableReader<'o> {
    csv: csv::Reader<Bytes<'o>>,
    record: csv::ByteRecord,
    first_row_waits: bool,
    names: Vec<String>,
    dialect: Dialect,
    path: String,
}

impl<'o> TableReader<'o> {
    /// Opens `source` and reads the header.
    ///
    /// # Errors
    /// [`TableError`] for an unreadable file, a wrong encoding, and a header that is none.
    pub fn open(source: &CsvSource, dialect: &Dialect, observer: &'o dyn Observer) -> Result<Self, TableError> {
        let mut bytes = BufReader::with_capacity(BUFFER, source.read(observer)?);
        let start = bytes.fill_buf().map_err(|error| source.read_error(error))?;
        let delimiter = dialect.delimiter_for(start)?;
        let skip = if start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        bytes.consume(skip);
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .from_reader(LineBreaks::new(bytes, MAX_ROW_BYTES));
        let dialect = Dialect { delimiter: Some(delimiter), ..dialect.clone() };
        let path = source.name().to_owned();
        let (record, names) = (csv::ByteRecord::new(), Vec::new());
        Self { csv, record, first_row_waits: false, names, dialect, path }.with_header()
    }

    /// The columns' names, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The dialect, its delimiter found out.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Goes to the next row; `false` at the end of the file. Blank lines are skipped.
    ///
    /// # Errors
    /// [`TableError`] for an unreadable file, a ragged or endless row, and bytes that are no UTF-8.
    pub fn next_row(&mut self) -> Result<bool, TableError> {
        let mut there = std::mem::take(&mut self.first_row_waits) || self.read_record()?;
        while there && self.names.len() > 1 && self.is_blank() {
            there = self.read_record()?;
        }
        if there && self.record.len() != self.names.len() {
            return Err(TableError::Ragged {
                line: self.line(),
                expected: self.names.len(),
                found: self.record.len(),
                cell: self.shown(0),
            });
        }
        Ok(there)
    }

    /// The line in which the current row begins, from 1.
    pub fn line(&self) -> u64 {
        // The CSV reader stands behind the row's line break; the row's own breaks are inside its fields.
        self.csv.position().line().saturating_sub(1 + self.breaks_inside())
    }

    /// What stands in field `position` (from 0) of the current row.
    pub fn cell(&self, position: usize) -> Cell {
        let cell = self.field(position);
        if self.dialect.is_missing(cell) {
            return Cell::Missing;
        }
        Decimal::parse(cell, self.dialect.decimal_mark).map_or_else(Cell::Text, Cell::Number)
    }

    /// Field `position` (from 0) as an error message shows it.
    pub fn shown(&self, position: usize) -> String {
        shown(self.field(position))
    }

    /// Digest of the file, when all rows have been read.
    pub fn digest(&self) -> CsvDigest {
        self.csv.get_ref().inner().get_ref().digest()
    }

    fn field(&self, position: usize) -> &[u8] {
        bare(self.record.get(position).unwrap_or_default())
    }

    /// Whether the current line holds nothing but spaces, or there is none.
    fn is_blank(&self) -> bool {
        self.record.len() <= 1 && self.field(0).is_empty()
    }

    /// Line breaks in the current row's fields.
    fn breaks_inside(&self) -> u64 {
        self.record.as_slice().split(|byte| *byte == b'\n').count() as u64 - 1
    }

    fn read_record(&mut self) -> Result<bool, TableError> {
        self.csv.get_mut().start_row();
        let begin = self.csv.position().line();
        let there = self.csv.read_byte_record(&mut self.record).map_err(|error| self.reading_failed(error, begin))?;
        if there && self.csv.get_ref().is_exhausted_by(self.csv.position().byte()) {
            return Err(TableError::OpenQuote {
                line: self.csv.position().line().saturating_sub(self.breaks_inside()),
            });
        }
        if std::str::from_utf8(self.record.as_slice()).is_err() {
            let invalid = |field: &[u8]| std::str::from_utf8(field).is_err();
            let field = self.record.iter().position(invalid).unwrap_or(0) + 1;
            return Err(TableError::Encoding { line: self.line(), field });
        }
        Ok(there)
    }

    fn reading_failed(&self, error: csv::Error, line: u64) -> TableError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                TableError::LongRow { line, limit: MAX_ROW_BYTES }
            }
            csv::ErrorKind::Io(source) => TableError::Read { path: self.path.clone(), source },
            other => TableError::Read { path: self.path.clone(), source: std::io::Error::other(format!("{other:?}")) },
        }
    }

    fn with_header(mut self) -> Result<Self, TableError> {
        while self.read_record()? && self.is_blank() {}
        if self.is_blank() {
            return Err(TableError::Empty);
        }
        self.first_row_waits = self.dialect.header == HeaderRow::Absent;
        self.names = match self.dialect.header {
            HeaderRow::Absent => (1..=self.record.len()).map(|number| format!("column{number}")).collect(),
            _ => self.header_names()?,
        };
        Ok(self)
    }

    fn header_names(&self) -> Result<Vec<String>, TableError> {
        let cells = || (0..self.record.len()).map(|position| self.cell(position));
        let data = cells().all(|cell| !matches!(cell, Cell::Text(_))) && cells().any(|cell| cell != Cell::Missing);
        if data && self.dialect.header == HeaderRow::Expected {
            return Err(TableError::NoHeader { line: self.line(), cell: self.shown(0) });
        }
        let name = |field| String::from_utf8_lossy(bare(field)).into_owned();
        let names: Vec<String> = self.record.iter().map(name).collect();
        self.refuse_duplicates(&names)?;
        Ok(names)
    }

    fn refuse_duplicates(&self, names: &[String]) -> Result<(), TableError> {
        let mut seen = std::collections::HashMap::new();
        for (field, name) in names.iter().enumerate() {
            if let Some(first) = seen.insert(name, field + 1) {
                return Err(TableError::DuplicateName {
                    line: self.line(),
                    name: name.clone(),
                    first,
                    second: field + 1,
                });
            }
        }
        Ok(())
    }
}

/// `field` without the spaces around it, and without quotation marks that a space before kept from being seen as such.
fn bare(field: &[u8]) -> &[u8] {
    let trimmed = field.trim_ascii();
    match trimmed {
        [b'"', inner @ .., b'"'] if trimmed.len() < field.len() => inner.trim_ascii(),
        _ => trimmed,
    }
}
