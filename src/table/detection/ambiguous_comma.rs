//! Commas that may be decimal commas or delimiters: a header such as `Hb, g/dl` may be one name or two.

use super::comma_in_name::{are_numbered, may_be_one_name};
use super::decimal_separator::are_decimal_commas;
use super::delimiter_candidate::Candidate;
use super::preview::{Preview, Record};
use crate::table::dialect::{Dialect, HeaderRow};
use crate::table::error::TableError;
use crate::table::numbers::format_set::{DECIMAL_POINT, FormatSet, interpretations};
use crate::table::numbers::missing_codes::MissingCodes;

/// Returns an error if a table of two columns may be one column of numbers with commas, as `Hb, g/dl` above `13,2`.
/// Without a header, the numbers alone decide.
pub(super) fn one_or_two_columns(candidate: &Candidate, dialect: &Dialect) -> Option<TableError> {
    let has_header = dialect.header != HeaderRow::Absent;
    let (header, rows) = candidate.records.split_at_checked(usize::from(has_header))?;
    let may_be_one = |header: &Record| header.fields.len() == 2 && may_be_one_name(header, rows);
    let is_ambiguous = candidate.delimiter == b',' && header.first().map_or(!are_numbered(rows), may_be_one);
    let is_given = dialect.decimal_separator.is_some() || dialect.thousands.is_some();
    if !is_ambiguous || is_given || rows.iter().any(|row| row.has_space_after_delimiter || row.fields.len() > 2) {
        return None;
    }
    let joined: Vec<Vec<u8>> = rows.iter().map(|row| row.fields.join(&b',')).collect();
    if !has_header && !are_decimal_commas(joined.iter().map(Vec::as_slice)) {
        return None;
    }
    let formats = joined.iter().fold(FormatSet::ALL, |formats, cell| formats.and(FormatSet::of(cell)));
    let text = |cell: &Vec<u8>| String::from_utf8_lossy(cell).into_owned();
    let (first, cell) = rows.iter().zip(&joined).find(|(row, _)| row.fields.len() == 2)?;
    let cell = text(cell);
    let names = |header: &Record| header.fields.iter().map(text).collect::<Vec<_>>().join(", ");
    (!formats.is_empty()).then(|| TableError::AmbiguousComma {
        line: first.line,
        header: header.first().map(names),
        interpretations: interpretations(&cell, formats, DECIMAL_POINT),
        cell,
    })
}

/// Returns an error if a header of one name is above numbers with commas, which may be decimal commas or delimiters.
pub(super) fn comma_numbers(candidates: &[Candidate], preview: &Preview, dialect: &Dialect) -> Option<TableError> {
    let by_comma = candidates.iter().find(|candidate| candidate.delimiter == b',' && candidate.is_usable())?;
    let header = by_comma.records.first().filter(|header| header.fields.len() == 1)?;
    if dialect.header != HeaderRow::Expected || by_comma.records.iter().all(|record| record.fields.len() == 1) {
        return None;
    }
    let records = preview.records(b';', dialect);
    let codes = MissingCodes::new(&dialect.missing, dialect.number_format());
    let rows = records.get(1..)?;
    let (mut formats, mut first, mut non_numeric) = (FormatSet::ALL, None, 0);
    for record in rows {
        let [cell] = record.fields.as_slice() else { return None };
        let (has_comma, found) = (cell.contains(&b','), FormatSet::of(cell));
        if codes.is_blank_or_code(cell) {
            continue;
        }
        match (found.is_empty(), has_comma) {
            (false, _) => formats = formats.and(found),
            // A word, or a limit of detection such as `<0.5`.
            (true, false) => non_numeric += 1,
            (true, true) => return None,
        }
        first = first.or_else(|| has_comma.then_some((record.line, cell)));
    }
    let (line, cell) = first.filter(|_| !formats.is_empty() && 5 * non_numeric <= rows.len())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (column, cell) = (text(header.fields.first()?), text(cell));
    let interpretations = interpretations(&cell, formats, DECIMAL_POINT);
    Some(TableError::CommaNumbers { line, column, cell, interpretations })
}
