//! Detects delimiter, row layout and decimal separator from the first records.
//!
//! ```text
//! preview ─┬─ delimiter_candidate ─ row_layout   one candidate for each delimiter; the one that fits best wins
//!          ├─ ambiguous_comma ─ comma_in_name    is `Hb, g/dl` one name or two?
//!          ├─ delimiter_hint                     delimiters that are not tried, for error messages
//!          └─ decimal_separator
//! ```

mod ambiguous_comma;
mod comma_in_name;
pub(super) mod decimal_separator;
mod delimiter_candidate;
pub(super) mod delimiter_hint;
pub(super) mod preview;
pub(super) mod row_layout;

use self::ambiguous_comma::{comma_numbers, one_or_two_columns};
use self::decimal_separator::comma_example;
use self::delimiter_candidate::{CANDIDATES, Candidate};
use self::delimiter_hint::{NO_DELIMITER, rare_delimiter};
use self::preview::{Preview, Record};
use self::row_layout::{Fit, RowLayout, usual_width};
use crate::table::dialect::{COMMENT_CHARACTERS, Dialect, HeaderRow};
use crate::table::error::TableError;
use crate::table::numbers::format_set::FormatSet;

/// The detected parameters of a dialect.
#[derive(Debug)]
pub(super) struct Detected {
    pub(super) delimiter: u8,
    pub(super) decimal_separator: u8,
    pub(super) layout: RowLayout,
    /// The number from which a decimal comma was detected.
    pub(super) comma_example: Option<String>,
    /// The first records, split by this delimiter.
    pub(super) records: Vec<Record>,
}

/// Detects the parameters that `dialect` leaves open.
///
/// # Errors
/// [`TableError`] if lines above the header have to be skipped, or if the delimiter or the decimal separator is
/// ambiguous.
pub(super) fn detect(preview: &Preview, dialect: &Dialect) -> Result<Detected, TableError> {
    let (delimiter, layout, records) = match dialect.delimiter.or(preview.named_delimiter) {
        Some(delimiter) => {
            let candidate = Candidate::new(preview, delimiter, dialect);
            reject_preamble(&candidate, dialect)?;
            (delimiter, candidate.layout(), candidate.records)
        }
        None => detect_delimiter(preview, dialect)?,
    };
    if layout == RowLayout::RowNames {
        reject_trailing_delimiters(&records, delimiter)?;
    }
    let example = comma_example(&records, delimiter, dialect)?;
    let decimal_separator = if example.is_some() { b',' } else { dialect.number_format().decimal };
    Ok(Detected { delimiter, decimal_separator, layout, comma_example: example, records })
}

fn detect_delimiter(preview: &Preview, dialect: &Dialect) -> Result<(u8, RowLayout, Vec<Record>), TableError> {
    let candidates = CANDIDATES.map(|delimiter| Candidate::new(preview, delimiter, dialect));
    if let Some(error) = rare_delimiter(preview, &candidates, dialect) {
        return Err(error);
    }
    let mut fitting: Vec<Candidate> = Vec::new();
    let mut others: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if candidate.fits() { fitting.push(candidate) } else { others.push(candidate) }
    }
    if fitting.is_empty() {
        return best_of_unfitting(others, preview, dialect);
    }
    let best = fitting.iter().position(|one| fitting.iter().all(|other| one.is_at_least(other)));
    // If none is as good as all others, the first one is compared with them below.
    let best = fitting.swap_remove(best.unwrap_or(0));
    // The best delimiter may only occur in a title above a table with another delimiter.
    if let Some(titled) = others.iter().find(|other| other.is_usable() && other.explains(&best)) {
        reject_preamble(titled, dialect)?;
    }
    if best.records.len() > 1 {
        if let Some(other) = fitting.iter().find(|other| !best.is_better_than(other)) {
            return Err(TableError::AmbiguousDelimiter { first: best.summary(), second: other.summary() });
        }
        // A few ragged rows must not lead to a delimiter that is wrong for all others.
        if let Some(nearly) = others.into_iter().find(|other| other.nearly_fits() && other.is_better_than(&best)) {
            return Ok((nearly.delimiter, nearly.layout(), nearly.records));
        }
    }
    one_or_two_columns(&best, dialect).map_or(Ok((best.delimiter, best.layout(), best.records)), Err)
}

/// The delimiter of a table that no candidate fits: it has one column, or ragged rows, which will be an error later.
fn best_of_unfitting(
    candidates: Vec<Candidate>,
    preview: &Preview,
    dialect: &Dialect,
) -> Result<(u8, RowLayout, Vec<Record>), TableError> {
    if !candidates.iter().any(|candidate| matches!(candidate.fit, Fit::Preamble(_))) {
        reject_comment(preview, dialect)?;
    }
    if let Some(error) = comma_numbers(&candidates, preview, dialect) {
        return Err(error);
    }
    let by_comma = candidates.iter().find(|candidate| candidate.delimiter == b',' && candidate.is_usable());
    if let Some(error) = by_comma.and_then(|candidate| one_or_two_columns(candidate, dialect)) {
        return Err(error);
    }
    let wide = |candidate: &Candidate| candidate.is_usable() && usual_width(&candidate.records).is_some();
    let wide: Vec<Candidate> = candidates.into_iter().rev().filter(wide).collect();
    let rank = |candidate: &Candidate| {
        let is_best = wide.iter().all(|other| candidate.is_at_least(other));
        let count = usual_width(&candidate.records).map_or(0, |(_, count)| count);
        let in_header = candidate.records.first().map_or(0, |header| header.fields.len());
        (is_best, count, in_header)
    };
    let ranks: Vec<_> = wide.iter().map(rank).collect();
    Ok(match wide.into_iter().zip(ranks).max_by_key(|(_, rank)| *rank) {
        Some((candidate, _)) => {
            reject_preamble(&candidate, dialect)?;
            (candidate.delimiter, candidate.layout(), candidate.records)
        }
        // One column: choose a delimiter that does not occur in it.
        None => {
            let in_numbers = dialect.decimal_separator == Some(b',') || dialect.thousands == Some(',');
            let delimiter = if in_numbers { b';' } else { b',' };
            (delimiter, RowLayout::Regular, preview.records(delimiter, dialect))
        }
    })
}

/// Rejects rows with a row name that all end with a blank field: either may be the one that the header does not name.
fn reject_trailing_delimiters(records: &[Record], delimiter: u8) -> Result<(), TableError> {
    let [header, rows @ ..] = records else { return Ok(()) };
    match rows.first() {
        Some(first) if rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty)) => {
            let delimiter = char::from(delimiter);
            Err(TableError::ExtraField { line: first.line, header_line: header.line, delimiter })
        }
        _ => Ok(()),
    }
}

/// Rejects a comment above a header of one name.
fn reject_comment(preview: &Preview, dialect: &Dialect) -> Result<(), TableError> {
    let records = preview.records(NO_DELIMITER, dialect);
    let Some(first) = records.first() else { return Ok(()) };
    let Some(character) = first_byte(first).filter(|character| COMMENT_CHARACTERS.contains(character)) else {
        return Ok(());
    };
    let comments = records.iter().take_while(|record| first_byte(record) == Some(character)).count();
    match records.get(comments..) {
        Some([header, rows @ ..])
            if dialect.header == HeaderRow::Expected
                && dialect.comment.is_none()
                && header.fields.iter().all(|name| FormatSet::of(name).is_empty())
                && !rows.iter().any(|row| first_byte(row) == Some(character)) =>
        {
            Err(TableError::Comment { line: first.line, character: char::from(character), skip: header.line - 1 })
        }
        _ => Ok(()),
    }
}

/// Rejects lines above the header that are narrower than the table.
fn reject_preamble(candidate: &Candidate, dialect: &Dialect) -> Result<(), TableError> {
    let Fit::Preamble(before) = candidate.fit else { return Ok(()) };
    let (title, table) = candidate.records.split_at(before.min(candidate.records.len()));
    let (Some(first), Some(header)) = (title.first(), table.first()) else { return Ok(()) };
    if dialect.header != HeaderRow::Expected {
        return Ok(());
    }
    let starts_with = |record: &Record, character: u8| first_byte(record) == Some(character);
    let is_comment =
        |character: &u8| COMMENT_CHARACTERS.contains(character) && title.iter().all(|one| starts_with(one, *character));
    // The header and the rows may start with the same character.
    let width = header.fields.len();
    let in_rows =
        |character: u8| table.iter().any(|record| record.fields.len() >= width && starts_with(record, character));
    let comment =
        first_byte(first).filter(is_comment).filter(|character| !in_rows(*character) && dialect.comment.is_none());
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

fn first_byte(record: &Record) -> Option<u8> {
    record.fields.first()?.first().copied()
}
