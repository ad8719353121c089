//! Headers that may be one name with a comma in it, such as `Hb, g/dl`, above numbers with commas.

use super::decimal_mark::are_decimal_commas;
use super::dialect::{Dialect, HeaderRow};
use super::error::TableError;
use super::missing::MissingCodes;
use super::notation::{self, Forms, POINT};
use super::preview::{Preview, Record};
use super::reading::Reading;

/// Units of measurement that stand behind a comma in names, but are hardly names of columns; so are all with a slash.
const UNITS: [&str; 16] =
    ["mg", "kg", "ng", "µg", "cm", "mm", "km", "ml", "dl", "mmol", "mmhg", "kpa", "bpm", "°c", "%", "g/l"];

/// Whether the header seems to be one name with `delimiter` in it, above one number in each row.
pub(super) fn is_one_name(records: &[Record], delimiter: u8) -> bool {
    let Some((header, rows)) = records.split_first() else { return false };
    let number = |row: &Record| !row.spaced && !Forms::of(&row.fields.join(&delimiter)).is_empty();
    may_be_one_name(header, rows) && rows.iter().all(number)
}

/// Whether a space or a unit follows the comma in the header. Names that are only spaced stand above rows that are counted.
fn may_be_one_name(header: &Record, rows: &[Record]) -> bool {
    header.fields.last().is_some_and(|name| is_unit(name)) || header.spaced && !is_counted(rows)
}

fn is_unit(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_lowercase();
    let parts = name.split('/').filter(|part| part.chars().any(char::is_alphabetic) && part.chars().count() < 6);
    UNITS.contains(&name.as_str()) || name.matches('/').count() == 1 && parts.count() == 2
}

/// Whether the rows' first cells are 1, 2, 3 and so on.
fn is_counted(rows: &[Record]) -> bool {
    let is_number = |(row, number): (&Record, usize)| {
        row.fields.first().is_some_and(|cell| cell.as_slice() == number.to_string().as_bytes())
    };
    rows.iter().zip(1..).all(is_number)
}

/// `Hb, g/dl` above `13,2`: one column of numbers with commas, or two columns. Without a header, the numbers alone tell.
pub(super) fn one_or_two(reading: &Reading, dialect: &Dialect) -> Option<TableError> {
    let has_header = dialect.header != HeaderRow::Absent;
    let (header, rows) = reading.records.split_at_checked(usize::from(has_header))?;
    let may_be_one = |header: &Record| header.fields.len() == 2 && may_be_one_name(header, rows);
    let two = reading.delimiter == b',' && header.first().map_or(!is_counted(rows), may_be_one);
    let is_told = dialect.decimal_mark.is_some() || dialect.thousands.is_some();
    if !two || is_told || rows.iter().any(|row| row.spaced || row.fields.len() > 2) {
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
        readings: notation::readings(&cell, forms, POINT),
        cell,
    })
}

/// A header of one name above numbers with commas: neither a delimiter nor a decimal comma without doubt.
pub(super) fn comma_numbers(readings: &[Reading], preview: &Preview, dialect: &Dialect) -> Option<TableError> {
    let by_comma = readings.iter().find(|reading| reading.delimiter == b',' && reading.is_usable())?;
    let header = by_comma.records.first().filter(|header| header.fields.len() == 1)?;
    if dialect.header != HeaderRow::Expected || by_comma.records.iter().all(|record| record.fields.len() == 1) {
        return None;
    }
    let records = preview.records(b';', dialect);
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let rows = records.get(1..).unwrap_or_default();
    let (mut forms, mut first, mut odd) = (Forms::ALL, None, 0);
    for record in rows {
        let [cell] = record.fields.as_slice() else { return None };
        let (has_comma, found) = (cell.contains(&b','), Forms::of(cell));
        if codes.has_text(cell) {
            continue;
        }
        match (found.is_empty(), has_comma) {
            (false, _) => forms = forms.and(found),
            // A word, or a limit of detection.
            (true, false) => odd += 1,
            (true, true) => return None,
        }
        first = first.or_else(|| has_comma.then_some((record.line, cell)));
    }
    let (line, cell) = first.filter(|_| !forms.is_empty() && 5 * odd <= rows.len())?;
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (column, cell) = (shown(header.fields.first()?), shown(cell));
    let readings = notation::readings(&cell, forms, POINT);
    Some(TableError::CommaNumbers { line, column, cell, readings })
}
