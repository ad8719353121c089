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
    match fits(records, rules) {
        Some(shape) => Fit::Fits(shape),
        None if rules.header == HeaderRow::Absent || records.len() < 2 => Fit::Ragged,
        None => preamble(records, rules).map_or(Fit::Ragged, Fit::Preamble),
    }
}

/// The shape of a table whose header is the first of `records`.
fn fits(records: &[Record], rules: Rules<'_>) -> Option<Shape> {
    let (first, rows) = records.split_first()?;
    let width = first.fields.len();
    let mut widths = rows.iter().map(|record| record.fields.len());
    let has_names = rules.header != HeaderRow::Absent;
    let least = if rules.fill_short_rows { 1 } else { named_width(&first.fields, has_names) };
    if width > 1 && widths.all(|other| (least..=width).contains(&other)) {
        return Some(Shape::Regular);
    }
    if has_names { one_name_short(first, rows, rules) } else { None }
}

/// The width of a header without the blank names at its end.
pub(super) fn named_width(header: &[Vec<u8>], names: bool) -> usize {
    let last = if names { header.iter().rposition(|name| !name.is_empty()) } else { None };
    last.map_or(header.len(), |last| last + 1)
}

/// The header lacks a name: that of the rows' names, or that of a blank field behind the last delimiter.
fn one_name_short(header: &Record, rows: &[Record], rules: Rules<'_>) -> Option<Shape> {
    // A remark below is no row.
    let end = rows.iter().rposition(|row| row.fields.len() > 1).map_or(0, |last| last + 1);
    let rows = rows.get(..end).unwrap_or_default();
    if rows.is_empty() || rows.iter().any(|row| row.fields.len() != header.fields.len() + 1) {
        return None;
    }
    let first = || rows.iter().filter_map(|row| row.fields.first());
    let distinct = first().all(|cell| !cell.is_empty()) && first().collect::<HashSet<_>>().len() == rows.len();
    let trailing = rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty));
    // As R writes them; where the last field is blank besides, it is refused later on.
    if distinct && (header.quoted || trailing) && rows.iter().all(|row| row.first_quoted) {
        return Some(Shape::RowNames);
    }
    // The header may be a title, and the first row the header.
    let has = |row: &Record, is: &dyn Fn(&[u8]) -> bool| row.fields.iter().any(|cell| !cell.is_empty() && is(cell));
    let names_alone = |row: &Record| !has(row, &|cell| is_value(cell, rules)) && !has(row, rules.is_missing);
    let second_header = rows.first().is_some_and(names_alone) && rows.iter().any(|row| has(row, rules.is_number));
    if second_header && rules.header == HeaderRow::Expected {
        return None;
    }
    if trailing {
        return Some(Shape::TrailingDelimiter);
    }
    let counted = first().zip(1_u32..).all(|(cell, number)| number.to_string().as_bytes() == cell.as_slice());
    // A comma may also be a decimal comma without quotation marks, so there only names in quotation marks count.
    let named = rules.delimiter != b',' && (counted || !first().any(|cell| (rules.is_number)(cell)));
    let quoted = rows.iter().all(|row| row.first_quoted);
    (distinct && (named || quoted)).then_some(Shape::RowNames)
}

/// How many records come before the header: those that are narrower than it, and, with one of them for a header, no table.
fn preamble(records: &[Record], rules: Rules<'_>) -> Option<usize> {
    let rules = Rules { header: HeaderRow::Present, ..rules };
    let widths: Vec<usize> = records.iter().map(|record| record.fields.len()).collect();
    let narrower = |before: usize| widths.iter().take(before).all(|width| *width < widths[before]);
    let is_table =
        |before: &usize| records.get(*before..).is_some_and(|table| table.len() > 2 && fits(table, rules).is_some());
    let even = (1..records.len()).filter(|before| narrower(*before)).find(is_table);
    // Or most of the others are as wide.
    let before = even.or_else(|| {
        let (usual, _) = usual_width(records)?;
        let before = widths.iter().position(|width| *width == usual)?;
        let fitting = widths.iter().skip(before).filter(|width| **width == usual).count();
        let most = fitting > 1 && 3 * fitting >= 2 * (widths.len() - before);
        (most && before > 0 && narrower(before)).then_some(before)
    })?;
    let is_name = |cell: &Vec<u8>| !is_value(cell, rules);
    records.get(before)?.fields.iter().all(is_name).then_some(before)
}

/// Whether a cell is a number, and none that may be a name.
fn is_value(cell: &[u8], rules: Rules<'_>) -> bool {
    (rules.is_number)(cell) && !is_year(cell)
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
