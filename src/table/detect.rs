//! Delimiter and shape, found out from the first records; `decimal_mark.rs` finds out the decimal mark.

use super::decimal_mark::comma_example;
use super::dialect::{COMMENT_MARKS, Dialect, HeaderRow};
use super::error::TableError;
use super::likely::rare_delimiter;
use super::notation::Forms;
use super::one_name::{comma_numbers, one_or_two};
use super::preview::{Preview, Record};
use super::reading::{CANDIDATES, Reading};
use super::shape::{Fit, Shape, usual_width};

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
    if shape == Shape::RowNames {
        refuse_trailing_or_names(&records, delimiter)?;
    }
    let example = comma_example(&records, delimiter, dialect)?;
    let usual = dialect.numbers().mark;
    let decimal_mark = if example.is_some() { b',' } else { usual };
    Ok(Found { delimiter, decimal_mark, shape, comma_example: example, records })
}

fn find_delimiter(preview: &Preview, dialect: &Dialect) -> Result<(u8, Shape, Vec<Record>), TableError> {
    let readings = CANDIDATES.map(|delimiter| Reading::new(preview, delimiter, dialect));
    if let Some(error) = rare_delimiter(preview, &readings, dialect) {
        return Err(error);
    }
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

/// Some error will follow, or the table has one column.
fn best_of_those_that_do_not_fit(
    readings: Vec<Reading>,
    preview: &Preview,
    dialect: &Dialect,
) -> Result<(u8, Shape, Vec<Record>), TableError> {
    if !readings.iter().any(|reading| matches!(reading.fit, Fit::Preamble(_))) {
        refuse_comment(preview, dialect)?;
    }
    if let Some(error) = comma_numbers(&readings, preview, dialect) {
        return Err(error);
    }
    let by_comma = readings.iter().find(|reading| reading.delimiter == b',' && reading.is_usable());
    if let Some(error) = by_comma.and_then(|reading| one_or_two(reading, dialect)) {
        return Err(error);
    }
    let wide = |reading: &Reading| reading.is_usable() && usual_width(&reading.records).is_some();
    let wide: Vec<Reading> = readings.into_iter().rev().filter(wide).collect();
    let rank = |reading: &Reading| {
        let is_best = wide.iter().all(|other| reading.is_at_least(other));
        let count = usual_width(&reading.records).map_or(0, |(_, count)| count);
        let in_header = reading.records.first().map_or(0, |header| header.fields.len());
        (is_best, count, in_header)
    };
    let ranks: Vec<_> = wide.iter().map(rank).collect();
    Ok(match wide.into_iter().zip(ranks).max_by_key(|(_, rank)| *rank) {
        Some((reading, _)) => {
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

/// Rows that begin with what may be a name and end with a blank field: one of the two is not in the header.
fn refuse_trailing_or_names(records: &[Record], delimiter: u8) -> Result<(), TableError> {
    let rows = records.get(1..).unwrap_or_default();
    match rows.first().filter(|_| rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty))) {
        Some(first) => Err(TableError::TrailingOrNames {
            line: first.line,
            header_line: records.first().map_or(1, |header| header.line),
            delimiter: char::from(delimiter),
        }),
        None => Ok(()),
    }
}

/// A comment above a header of one name.
fn refuse_comment(preview: &Preview, dialect: &Dialect) -> Result<(), TableError> {
    // By a delimiter that is nowhere.
    let records = preview.records(b'\x1F', dialect);
    let begin = |record: &Record| record.fields.first().and_then(|line| line.first().copied());
    let Some(mark) = records.first().and_then(begin).filter(|mark| COMMENT_MARKS.contains(mark)) else { return Ok(()) };
    let title = records.iter().take_while(|record| same(mark, record)).count();
    match records.get(title..) {
        Some([header, rows @ ..])
            if dialect.header == HeaderRow::Expected
                && dialect.comment.is_none()
                && header.fields.iter().all(|name| Forms::of(name).is_empty())
                && !rows.iter().any(|row| same(mark, row)) =>
        {
            let mark = char::from(mark);
            Err(TableError::Comment {
                line: records.first().map_or(1, |first| first.line),
                mark,
                skip: header.line - 1,
            })
        }
        _ => Ok(()),
    }
}

fn refuse_preamble(reading: &Reading, dialect: &Dialect) -> Result<(), TableError> {
    let Fit::Preamble(before) = reading.fit else { return Ok(()) };
    let (title, table) = reading.records.split_at(before.min(reading.records.len()));
    let (Some(first), Some(header)) = (title.first(), table.first()) else { return Ok(()) };
    if dialect.header != HeaderRow::Expected {
        return Ok(());
    }
    let mark = |record: &Record| record.fields.first().and_then(|field| field.first().copied());
    let comments = |mark: &u8| COMMENT_MARKS.contains(mark) && title.iter().all(|one| same(*mark, one));
    // Header and rows may begin with the mark, too.
    let width = header.fields.len();
    let is_row = |mark: u8| table.iter().any(|record| record.fields.len() >= width && same(mark, record));
    let comment = mark(first).filter(comments).filter(|mark| !is_row(*mark) && dialect.comment.is_none());
    Err(TableError::Preamble {
        line: first.line,
        found: first.fields.len(),
        header_line: header.line,
        expected: header.fields.len(),
        skip: header.line - 1,
        comment: comment.map(char::from),
        may_be_header: title.len() == 1 && first.fields.len() + 1 == header.fields.len(),
    })
}

fn same(mark: u8, record: &Record) -> bool {
    record.fields.first().is_some_and(|field| field.first() == Some(&mark))
}
