//! Hints at delimiters that are not tried automatically, for errors about tables that seem to have one column.

use super::delimiter_candidate::{CANDIDATES, Candidate};
use super::preview::{Preview, Record};
use crate::table::dialect::Dialect;
use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::error_details::DelimiterHint;
use crate::table::numbers::format_set::FormatSet;

/// Delimiters that are not tried automatically.
const RARE: [u8; 5] = [b' ', b'^', b'~', b':', b'#'];

/// A delimiter that no file contains: it makes each line one field.
pub(super) const NO_DELIMITER: u8 = b'\x1F';

/// Returns an error if a rare delimiter makes numbers of the text that the comma would split.
pub(super) fn rare_delimiter(preview: &Preview, candidates: &[Candidate], dialect: &Dialect) -> Option<TableError> {
    let by_comma = candidates.iter().find(|candidate| candidate.delimiter == b',')?;
    // If another delimiter fits, the commas are part of numbers.
    if candidates.iter().any(|candidate| candidate.fits() && candidate.explains(by_comma)) {
        return None;
    }
    let row = by_comma.records.get(1).filter(|row| row.fields.len() > 1 && !row.has_space_after_delimiter)?;
    let by_byte = |byte: u8| (DelimiterHint::Delimiter(char::from(byte)), Candidate::new(preview, byte, dialect));
    let by_spaces = || (DelimiterHint::Spaces, Candidate::of(words_of(preview, dialect), b' ', dialect));
    let rare = RARE.into_iter().filter(|byte| preview.contains(*byte)).map(by_byte);
    let (found, _) = rare.chain(std::iter::once_with(by_spaces)).find(|(_, rare)| rare.makes_numbers_of(by_comma))?;
    Some(TableError::RareDelimiter { line: row.line, cell: excerpt(&row.fields.join(&b',')), found })
}

/// The first records split at runs of spaces.
fn words_of(preview: &Preview, dialect: &Dialect) -> Vec<Record> {
    let mut records = preview.records(NO_DELIMITER, dialect);
    for record in &mut records {
        let words = record.fields.iter().flat_map(|line| words(line).map(<[u8]>::to_vec)).collect();
        record.fields = words;
    }
    records
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// Returns the delimiter that would split a table of one column into several.
pub(in crate::table) fn hint(preview: &Preview, records: &[Record], dialect: &Dialect) -> Option<DelimiterHint> {
    let splits = |delimiter: &u8| {
        let width = |record: &Record| record.fields.first().map_or(0, |line| width_of(line, *delimiter, dialect));
        let mut widths = records.iter().map(width);
        let first = widths.next().unwrap_or(0);
        first > 1 && records.len() > 1 && widths.all(|width| width == first)
    };
    let is_number = |record: &Record| record.fields.iter().all(|cell| !FormatSet::of(cell).is_empty());
    // One name, such as `Size, cm`, above numbers with commas.
    let one_name = records
        .first()
        .is_some_and(|header| header.fields.iter().any(|name| name.windows(2).any(|pair| pair == b", ")));
    let numbers = one_name && records.get(1..).is_some_and(|rows| rows.iter().all(is_number));
    if let Some(delimiter) = CANDIDATES.into_iter().find(splits).filter(|delimiter| !numbers || *delimiter != b',') {
        let quoted = records.iter().all(|record| record.is_first_quoted);
        let delimiter = char::from(delimiter);
        return Some(if quoted { DelimiterHint::QuotedLines(delimiter) } else { DelimiterHint::Delimiter(delimiter) });
    }
    let has_blank =
        |candidate: &Candidate| candidate.records.iter().any(|record| record.fields.iter().any(Vec::is_empty));
    for delimiter in RARE {
        let candidate = Candidate::new(preview, delimiter, dialect);
        if candidate.is_table() && !(delimiter == b' ' && has_blank(&candidate)) {
            return Some(DelimiterHint::Delimiter(char::from(delimiter)));
        }
    }
    Candidate::of(words_of(preview, dialect), b' ', dialect).is_table().then_some(DelimiterHint::Spaces)
}

/// The number of fields in `line` with this delimiter.
fn width_of(line: &[u8], delimiter: u8, dialect: &Dialect) -> usize {
    let mut record = csv::ByteRecord::new();
    let mut reader = dialect.csv_reader(delimiter).from_reader(line);
    // Reading from memory into bytes cannot fail.
    if reader.read_byte_record(&mut record).unwrap_or(false) { record.len() } else { 0 }
}
