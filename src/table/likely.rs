//! What else may separate the columns: delimiters that are not tried, but named if they would fit.

use super::dialect::Dialect;
use super::error::{TableError, shown};
use super::notation::Forms;
use super::preview::{Preview, Record};
use super::reading::{CANDIDATES, Reading};

/// Delimiters that are not tried, but named if they would fit.
const RARE: [u8; 5] = [b' ', b'^', b'~', b':', b'#'];

/// What would make several columns of the one that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likely {
    /// Another delimiter.
    Delimiter(char),
    /// Columns are set apart by several spaces.
    Spaces,
    /// Each line stands in quotation marks as a whole, with this delimiter inside.
    QuotedLines(char),
}

impl std::fmt::Display for Likely {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delimiter(' ') | Self::Spaces => write!(f, "spaces"),
            Self::Delimiter(mark) | Self::QuotedLines(mark) => write!(f, "{mark:?}"),
        }
    }
}

/// That a delimiter that is not tried makes numbers of what the comma would cut into pieces.
pub(super) fn rare_delimiter(preview: &Preview, readings: &[Reading], dialect: &Dialect) -> Option<TableError> {
    let by_comma = readings.iter().find(|reading| reading.delimiter == b',')?;
    // Behind another delimiter, commas stand in numbers.
    if readings.iter().any(|reading| reading.fits() && reading.explains(by_comma)) {
        return None;
    }
    let row = by_comma.records.get(1).filter(|row| row.fields.len() > 1 && !row.spaced)?;
    let by_mark = |mark: u8| (Likely::Delimiter(char::from(mark)), Reading::new(preview, mark, dialect));
    let by_spaces = || (Likely::Spaces, Reading::of(words_of(preview, dialect), b' ', dialect));
    let marks = RARE.into_iter().filter(|mark| preview.holds(*mark)).map(by_mark);
    let (found, _) = marks.chain(std::iter::once_with(by_spaces)).find(|(_, rare)| rare.makes_numbers_of(by_comma))?;
    Some(TableError::RareDelimiter { line: row.line, cell: shown(&row.fields.join(&b',')), found })
}

/// The first records as words, however many spaces are between them.
fn words_of(preview: &Preview, dialect: &Dialect) -> Vec<Record> {
    let mut records = preview.records(b'\x1F', dialect);
    for record in &mut records {
        let words = record.fields.iter().flat_map(|line| words(line).map(<[u8]>::to_vec)).collect();
        record.fields = words;
    }
    records
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// What would make several columns of a table of one.
pub(super) fn likely(preview: &Preview, records: &[Record], dialect: &Dialect) -> Option<Likely> {
    let inside = |delimiter: &u8| {
        let width = |record: &Record| record.fields.first().map_or(0, |line| width_of(line, *delimiter, dialect));
        let mut widths = records.iter().map(width);
        let first = widths.next().unwrap_or_default();
        first > 1 && records.len() > 1 && widths.all(|width| width == first)
    };
    let is_number = |record: &Record| record.fields.iter().all(|cell| !Forms::of(cell).is_empty());
    // One name, such as `Size, cm`, above numbers with commas.
    let one_name = records
        .first()
        .is_some_and(|header| header.fields.iter().any(|name| name.windows(2).any(|pair| pair == b", ")));
    let numbers = one_name && records.get(1..).is_some_and(|rows| rows.iter().all(is_number));
    if let Some(delimiter) = CANDIDATES.into_iter().find(inside).filter(|delimiter| !numbers || *delimiter != b',') {
        let quoted = records.iter().all(|record| record.quoted);
        let delimiter = char::from(delimiter);
        return Some(if quoted { Likely::QuotedLines(delimiter) } else { Likely::Delimiter(delimiter) });
    }
    let blank = |reading: &Reading| reading.records.iter().any(|record| record.fields.iter().any(Vec::is_empty));
    for delimiter in RARE {
        let reading = Reading::new(preview, delimiter, dialect);
        if reading.is_table() && !(delimiter == b' ' && blank(&reading)) {
            return Some(Likely::Delimiter(char::from(delimiter)));
        }
    }
    Reading::of(words_of(preview, dialect), b' ', dialect).is_table().then_some(Likely::Spaces)
}

/// How many fields a line has by this delimiter.
fn width_of(line: &[u8], delimiter: u8, dialect: &Dialect) -> usize {
    let mut record = csv::ByteRecord::new();
    let mut reader = super::opened::builder(delimiter, dialect).from_reader(line);
    if reader.read_byte_record(&mut record).unwrap_or(false) { record.len() } else { 0 }
}
