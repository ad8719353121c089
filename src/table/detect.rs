//! Delimiter and shape, found out from the first records; `decimal_mark.rs` finds out the decimal mark.

use super::decimal_mark::{are_decimal_commas, comma_example};
use super::dialect::{Dialect, HeaderRow};
use super::error::TableError;
use super::missing::MissingCodes;
use super::notation::Forms;
use super::preview::{Preview, Record};
use super::reading::{CANDIDATES, Reading, is_counted};
use super::shape::{Fit, Rules, Shape, fit, usual_width};

/// Delimiters that are not tried, but named if they would fit.
const RARE: [u8; 5] = [b' ', b'^', b'~', b':', b'#'];

/// What was found out.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) delimiter: u8,
    pub(super) decimal_mark: u8,
    pub(super) shape: Shape,
    /// A number with a decimal comma that decided for it.
    pub(super) comma_example: Option<String>,
    /// The first records by this delimiter.
    pub(super) records: Vec<Record>,
}

/// Finds out what `dialect` leaves open.
///
/// # Errors
/// [`TableError::Ambiguous`], [`TableError::Preamble`], [`TableError::CommaNumbers`] and [`TableError::PointOrThousands`] where
/// no reading is the right one without doubt.
pub(super) fn find(preview: &Preview, dialect: &Dialect) -> Result<Found, TableError> {
    let (delimiter, shape, records) = match dialect.delimiter.or(preview.separator) {
        Some(delimiter) => {
            let reading = Reading::new(preview, delimiter, dialect);
            refuse_preamble(&reading, dialect)?;
            (delimiter, reading.shape(), reading.records)
        }
        None => find_delimiter(preview, dialect)?,
    };
    let example = comma_example(&records, delimiter, dialect)?;
    let usual = dialect.numbers().mark;
    let decimal_mark = if example.is_some() { b',' } else { usual };
    Ok(Found { delimiter, decimal_mark, shape, comma_example: example, records })
}

fn find_delimiter(preview: &Preview, dialect: &Dialect) -> Result<(u8, Shape, Vec<Record>), TableError> {
    let readings = CANDIDATES.map(|delimiter| Reading::new(preview, delimiter, dialect));
    let mut fitting: Vec<Reading> = Vec::new();
    let mut others: Vec<Reading> = Vec::new();
    for reading in readings {
        if reading.fits() { fitting.push(reading) } else { others.push(reading) }
    }
    if fitting.is_empty() {
        return best_of_those_that_do_not_fit(others, preview, dialect);
    }
    let best = fitting.iter().position(|one| fitting.iter().all(|other| one.is_at_least(other)));
    let best = fitting.swap_remove(best.unwrap_or(0));
    // Behind a title with the delimiter in it, too.
    if let Some(titled) = others.iter().find(|other| other.is_usable() && other.explains(&best)) {
        refuse_preamble(titled, dialect)?;
    }
    if best.records.len() > 1 {
        if let Some(other) = fitting.iter().find(|other| !best.is_better_than(other)) {
            return Err(TableError::Ambiguous { first: best.shown(), second: other.shown() });
        }
        // A few rows of another width are no reason to read all others wrongly.
        if let Some(nearly) = others.into_iter().find(|other| other.nearly_fits() && other.is_better_than(&best)) {
            return Ok((nearly.delimiter, nearly.shape(), nearly.records));
        }
    }
    one_or_two(&best, dialect).map_or(Ok((best.delimiter, best.shape(), best.records)), Err)
}

/// `Hb, g/dl` above `13,2`: one column of numbers with commas, or two columns of which only the names are spaced. Without a
/// header, the numbers alone tell.
fn one_or_two(reading: &Reading, dialect: &Dialect) -> Option<TableError> {
    let has_header = dialect.header != HeaderRow::Absent;
    let (header, rows) = reading.records.split_at_checked(usize::from(has_header))?;
    let two = reading.delimiter == b',' && header.iter().all(|header| header.fields.len() == 2 && header.spaced);
    let is_told = dialect.decimal_mark.is_some() || dialect.thousands.is_some();
    if !two || is_told || is_counted(rows) || rows.iter().any(|row| row.spaced || row.fields.len() > 2) {
        return None;
    }
    let joined: Vec<Vec<u8>> = rows.iter().map(|row| row.fields.join(&b',')).collect();
    if !has_header && !are_decimal_commas(joined.iter().map(Vec::as_slice)) {
        return None;
    }
    let forms = joined.iter().fold(Forms::ALL, |forms, cell| forms.and(Forms::of(cell)));
    let text = |cell: &Vec<u8>| String::from_utf8_lossy(cell).into_owned();
    let (first, cell) = rows.iter().zip(&joined).find(|(row, _)| row.fields.len() == 2)?;
    let cell = text(cell);
    let names = |header: &Record| header.fields.iter().map(text).collect::<Vec<_>>().join(", ");
    (!forms.is_empty()).then(|| TableError::OneOrTwo {
        line: first.line,
        header: header.first().map(names),
        readings: super::notation::readings(&cell, forms, b'.'),
        cell,
    })
}

/// Some error will follow, or the table has one column.
fn best_of_those_that_do_not_fit(
    readings: Vec<Reading>,
    preview: &Preview,
    dialect: &Dialect,
) -> Result<(u8, Shape, Vec<Record>), TableError> {
    if let Some(error) = comma_numbers(&readings, preview, dialect) {
        return Err(error);
    }
    let by_comma = readings.iter().find(|reading| reading.delimiter == b',' && reading.is_usable());
    if let Some(error) = by_comma.and_then(|reading| one_or_two(reading, dialect)) {
        return Err(error);
    }
    let rank = |reading: &Reading| {
        let count = usual_width(&reading.records).map_or(0, |(_, count)| count);
        let in_header = reading.records.first().map_or(0, |header| header.fields.len());
        (count, in_header)
    };
    let usable = readings.into_iter().rev().filter(Reading::is_usable);
    Ok(match usable.max_by_key(rank) {
        Some(reading) if usual_width(&reading.records).is_some() => {
            refuse_preamble(&reading, dialect)?;
            (reading.delimiter, reading.shape(), reading.records)
        }
        // One column: a delimiter that does not occur in it.
        _ => {
            let mark = dialect.decimal_mark == Some(b',') || dialect.thousands == Some(',');
            let delimiter = if mark { b';' } else { b',' };
            (delimiter, Shape::Regular, preview.records(delimiter, dialect))
        }
    })
}

/// A header of one name above numbers with commas: neither a delimiter nor a decimal comma without doubt.
fn comma_numbers(readings: &[Reading], preview: &Preview, dialect: &Dialect) -> Option<TableError> {
    let by_comma = readings.iter().find(|reading| reading.delimiter == b',' && reading.is_usable())?;
    let header = by_comma.records.first().filter(|header| header.fields.len() == 1)?;
    if dialect.header != HeaderRow::Expected || by_comma.records.iter().all(|record| record.fields.len() == 1) {
        return None;
    }
    let records = preview.records(b';', dialect);
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let (mut forms, mut first) = (Forms::ALL, None);
    for record in records.get(1..).unwrap_or_default() {
        let [cell] = record.fields.as_slice() else { return None };
        if !codes.has_text(cell) {
            forms = forms.and(Forms::of(cell));
            first = first.or_else(|| cell.contains(&b',').then_some((record.line, cell)));
        }
    }
    let (line, cell) = first.filter(|_| !forms.is_empty())?;
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (column, cell) = (shown(header.fields.first()?), shown(cell));
    let readings = super::notation::readings(&cell, forms, b'.');
    Some(TableError::CommaNumbers { line, column, cell, readings })
}

fn refuse_preamble(reading: &Reading, dialect: &Dialect) -> Result<(), TableError> {
    let Fit::Preamble(before) = reading.fit else { return Ok(()) };
    let (title, table) = reading.records.split_at(before.min(reading.records.len()));
    let (Some(first), Some(header)) = (title.first(), table.first()) else { return Ok(()) };
    if dialect.header != HeaderRow::Expected {
        return Ok(());
    }
    let mark = |record: &Record| record.fields.first().and_then(|field| field.first().copied());
    let comments = |mark: &u8| b"#%!*".contains(mark) && title.iter().all(|one| same(*mark, one));
    // A header may begin with the mark of the comments above it.
    let comment = mark(first).filter(comments).filter(|mark| !same(*mark, header));
    Err(TableError::Preamble {
        line: first.line,
        found: first.fields.len(),
        header_line: header.line,
        expected: header.fields.len(),
        skip: header.line - 1,
        comment: comment.map(char::from),
    })
}

fn same(mark: u8, record: &Record) -> bool {
    record.fields.first().is_some_and(|field| field.first() == Some(&mark))
}

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

/// What would make several columns of a table of one.
pub(super) fn likely(preview: &Preview, records: &[Record], dialect: &Dialect) -> Option<Likely> {
    let fits = |records: &[Record], delimiter: u8| {
        let rules = Rules { delimiter, header: false, fill_short_rows: false };
        records.len() > 1 && fit(records, rules, &|_| false) == Fit::Fits(Shape::Regular)
    };
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
    for delimiter in RARE {
        let records = preview.records(delimiter, dialect);
        let blank = |record: &Record| record.fields.iter().any(Vec::is_empty);
        if fits(&records, delimiter) && !(delimiter == b' ' && records.iter().any(blank)) {
            return Some(Likely::Delimiter(char::from(delimiter)));
        }
    }
    let words = |record: &Record| {
        record
            .fields
            .first()
            .map_or(0, |line| line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count())
    };
    let mut widths = records.iter().map(words);
    let first = widths.next()?;
    (first > 1 && records.len() > 1 && widths.all(|width| width == first)).then_some(Likely::Spaces)
}

/// How many fields a line has by this delimiter.
fn width_of(line: &[u8], delimiter: u8, dialect: &Dialect) -> usize {
    let mut record = csv::ByteRecord::new();
    let mut reader = super::opened::builder(delimiter, dialect).from_reader(line);
    if reader.read_byte_record(&mut record).unwrap_or(false) { record.len() } else { 0 }
}
