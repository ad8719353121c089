//! How the rows fit the header: most tables have as many fields in each, some exporters differ in known ways.

use std::collections::HashSet;

use super::dialect::HeaderRow;
use super::preview::Record;

/// How rows relate to the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A name for each field.
    Regular,
    /// Rows begin with a name of their own, which the header has no name for, as R writes them.
    RowNames,
    /// Rows end with a delimiter, the header does not.
    TrailingDelimiter,
}

/// Whether a delimiter fits the first records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Fits(Shape),
    /// After so many records that are narrower than the others.
    Preamble(usize),
    /// The records differ in width.
    Ragged,
}

/// What [`fit`] has to know of the dialect.
#[derive(Clone, Copy)]
pub(super) struct Rules<'c> {
    pub(super) delimiter: u8,
    pub(super) header: HeaderRow,
    pub(super) fill_short_rows: bool,
    /// Whether a cell is a number in any form.
    pub(super) is_number: &'c dyn Fn(&[u8]) -> bool,
    /// Whether it means that there is no value.
    pub(super) is_missing: &'c dyn Fn(&[u8]) -> bool,
}

/// How `records` fit together.
pub(super) fn fit(records: &[Record], rules: Rules<'_>) -> Fit {
    let Some((first, rows)) = records.split_first() else { return Fit::Ragged };
    let width = first.fields.len();
    let mut widths = rows.iter().map(|record| record.fields.len());
    let has_names = rules.header != HeaderRow::Absent;
    let least = if rules.fill_short_rows { 1 } else { named_width(&first.fields, has_names) };
    if width > 1 && widths.all(|other| (least..=width).contains(&other)) {
        return Fit::Fits(Shape::Regular);
    }
    if !has_names || rows.is_empty() {
        return Fit::Ragged;
    }
    if let Some(shape) = one_name_short(first, rows, rules) {
        return Fit::Fits(shape);
    }
    preamble(records, rules).map_or(Fit::Ragged, Fit::Preamble)
}

/// The width of a header without the blank names at its end.
pub(super) fn named_width(header: &[Vec<u8>], names: bool) -> usize {
    let last = if names { header.iter().rposition(|name| !name.is_empty()) } else { None };
    last.map_or(header.len(), |last| last + 1)
}

/// The header lacks a name: that of the rows' names, or that of a blank field behind the last delimiter.
fn one_name_short(header: &Record, rows: &[Record], rules: Rules<'_>) -> Option<Shape> {
    if rows.is_empty() || rows.iter().any(|row| row.fields.len() != header.fields.len() + 1) {
        return None;
    }
    let first = || rows.iter().filter_map(|row| row.fields.first());
    let distinct = first().all(|cell| !cell.is_empty()) && first().collect::<HashSet<_>>().len() == rows.len();
    // As R writes them.
    if distinct && header.quoted && rows.iter().all(|row| row.first_quoted) {
        return Some(Shape::RowNames);
    }
    // The header may be a title, and the first row the header.
    let has = |row: &Record, is: &dyn Fn(&[u8]) -> bool| row.fields.iter().any(|cell| !cell.is_empty() && is(cell));
    let names_alone = |row: &Record| !has(row, rules.is_number) && !has(row, rules.is_missing);
    let second_header = rows.first().is_some_and(names_alone) && rows.iter().any(|row| has(row, rules.is_number));
    if second_header && rules.header == HeaderRow::Expected {
        return None;
    }
    if rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty)) {
        return Some(Shape::TrailingDelimiter);
    }
    let counted = first().zip(1_u32..).all(|(cell, number)| number.to_string().as_bytes() == cell.as_slice());
    // A comma may also be a decimal comma without quotation marks, so there only names in quotation marks count.
    let named = rules.delimiter != b',' && (counted || !first().any(|cell| (rules.is_number)(cell)));
    let quoted = rows.iter().all(|row| row.first_quoted);
    (distinct && (named || quoted)).then_some(Shape::RowNames)
}

/// How many records come before the header: those that are narrower than nearly all others.
fn preamble(records: &[Record], rules: Rules<'_>) -> Option<usize> {
    let (usual, _) = usual_width(records)?;
    let narrower = records.iter().position(|record| record.fields.len() == usual)?;
    let (title, table) = records.split_at(narrower);
    let fitting = table.iter().filter(|record| record.fields.len() == usual).count();
    if title.iter().any(|record| record.fields.len() >= usual) || fitting < 2 || 5 * fitting < 4 * table.len() {
        return None;
    }
    // The header itself may be one name short.
    if let Some((header, before)) = title.split_last()
        && !before.is_empty()
        && one_name_short(header, table, Rules { header: HeaderRow::Present, ..rules }).is_some()
    {
        return Some(before.len());
    }
    let is_name = |cell: &Vec<u8>| !(rules.is_number)(cell) || is_year(cell);
    (narrower > 0 && table.first()?.fields.iter().all(is_name)).then_some(narrower)
}

/// Whether a cell is a number that names a column more often than it is data.
pub(super) fn is_year(cell: &[u8]) -> bool {
    matches!(cell, [b'1', b'8' | b'9', _, _] | [b'2', b'0' | b'1', _, _]) && cell.iter().all(u8::is_ascii_digit)
}

/// The width above 1 that most records have, and how many have it.
pub(super) fn usual_width(records: &[Record]) -> Option<(usize, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for record in records {
        *counts.entry(record.fields.len()).or_insert(0) += 1;
    }
    counts.into_iter().filter(|(width, _)| *width > 1).max_by_key(|(width, count)| (*count, *width))
}
