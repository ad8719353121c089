//! How the rows relate to the header: usually both have the same number of fields, but some exporters differ in known
//! ways.

use std::collections::HashSet;

use super::preview::Record;
use crate::table::dialect::HeaderRow;

/// How the fields of a row relate to the names in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table) enum RowLayout {
    /// Each field has a name.
    Regular,
    /// Each row starts with a row name, for which the header has no name, as in files that R writes.
    RowNames,
    /// Each row ends with a delimiter, and the header does not.
    TrailingDelimiter,
}

/// Whether a delimiter fits the first records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Fits(RowLayout),
    /// The delimiter fits after this number of narrower records.
    Preamble(usize),
    /// The records differ in their number of fields.
    Ragged,
}

/// The parts of the dialect that [`fit`] needs.
#[derive(Clone, Copy)]
pub(super) struct FitRules<'c> {
    pub(super) delimiter: u8,
    pub(super) header: HeaderRow,
    pub(super) fill_short_rows: bool,
    /// Whether a cell is a number in any format.
    pub(super) is_number: &'c dyn Fn(&[u8]) -> bool,
    /// Whether a cell is missing.
    pub(super) is_missing: &'c dyn Fn(&[u8]) -> bool,
}

/// Checks whether all `records` have a compatible number of fields.
pub(super) fn fit(records: &[Record], rules: FitRules<'_>) -> Fit {
    match layout(records, rules) {
        Some(layout) => Fit::Fits(layout),
        None if rules.header == HeaderRow::Absent || records.len() < 2 => Fit::Ragged,
        None => preamble(records, rules).map_or(Fit::Ragged, Fit::Preamble),
    }
}

/// The layout of a table whose header is the first of `records`.
fn layout(records: &[Record], rules: FitRules<'_>) -> Option<RowLayout> {
    let (first, rows) = records.split_first()?;
    let width = first.fields.len();
    let mut widths = rows.iter().map(|record| record.fields.len());
    let has_names = rules.header != HeaderRow::Absent;
    let min_width = if rules.fill_short_rows { 1 } else { named_width(&first.fields, has_names) };
    if width > 1 && widths.all(|other| (min_width..=width).contains(&other)) {
        return Some(RowLayout::Regular);
    }
    if has_names { one_name_missing(first, rows, rules) } else { None }
}

/// The number of fields in a header without the blank names at its end.
pub(in crate::table) fn named_width(header: &[Vec<u8>], has_names: bool) -> usize {
    let last = if has_names { header.iter().rposition(|name| !name.is_empty()) } else { None };
    last.map_or(header.len(), |last| last + 1)
}

/// The layout of a table whose header lacks one name: that of the row names, or that of a blank field after the last
/// delimiter.
fn one_name_missing(header: &Record, rows: &[Record], rules: FitRules<'_>) -> Option<RowLayout> {
    // Ignore remarks below the rows.
    let end = rows.iter().rposition(|row| row.fields.len() > 1).map_or(0, |last| last + 1);
    let rows = rows.get(..end).unwrap_or_default();
    if rows.is_empty() || rows.iter().any(|row| row.fields.len() != header.fields.len() + 1) {
        return None;
    }
    let first = || rows.iter().filter_map(|row| row.fields.first());
    let distinct = first().all(|cell| !cell.is_empty()) && first().collect::<HashSet<_>>().len() == rows.len();
    let trailing = rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty));
    // As R writes row names. If the last field is blank, too, detection fails later.
    if distinct && (header.is_first_quoted || trailing) && rows.iter().all(|row| row.has_quoted_row_name) {
        return Some(RowLayout::RowNames);
    }
    // The first record may be a title, and the second one the header.
    let has = |row: &Record, is: &dyn Fn(&[u8]) -> bool| row.fields.iter().any(|cell| !cell.is_empty() && is(cell));
    let only_names = |row: &Record| !has(row, &|cell| is_value(cell, rules)) && !has(row, rules.is_missing);
    let second_header = rows.first().is_some_and(only_names) && rows.iter().any(|row| has(row, rules.is_number));
    if second_header && rules.header == HeaderRow::Expected {
        return None;
    }
    if trailing {
        return Some(RowLayout::TrailingDelimiter);
    }
    let numbered = first().zip(1_u32..).all(|(cell, number)| number.to_string().as_bytes() == cell.as_slice());
    // Between commas only quoted row names count: the extra field may be due to an unquoted decimal comma.
    let named = rules.delimiter != b',' && (numbered || !first().any(|cell| (rules.is_number)(cell)));
    let quoted = rows.iter().all(|row| row.has_quoted_row_name);
    (distinct && (named || quoted)).then_some(RowLayout::RowNames)
}

/// The number of records above the header: they are narrower than it, and there is no table with one of them as its
/// header.
fn preamble(records: &[Record], rules: FitRules<'_>) -> Option<usize> {
    let rules = FitRules { header: HeaderRow::Present, ..rules };
    let widths: Vec<usize> = records.iter().map(|record| record.fields.len()).collect();
    let narrower = |before: usize| widths.iter().take(before).all(|width| *width < widths[before]);
    let is_table =
        |before: &usize| records.get(*before..).is_some_and(|table| table.len() > 2 && layout(table, rules).is_some());
    let uniform = (1..records.len()).filter(|before| narrower(*before)).find(is_table);
    // Otherwise, most of the records below must be as wide as the header.
    let before = uniform.or_else(|| {
        let (usual, _) = usual_width(records)?;
        let before = widths.iter().position(|width| *width == usual)?;
        let fitting = widths.iter().skip(before).filter(|width| **width == usual).count();
        let most = fitting > 1 && 3 * fitting >= 2 * (widths.len() - before);
        (most && before > 0 && narrower(before)).then_some(before)
    })?;
    let is_name = |cell: &Vec<u8>| !is_value(cell, rules);
    records.get(before)?.fields.iter().all(is_name).then_some(before)
}

/// Whether a cell is a number that is unlikely to be a name.
fn is_value(cell: &[u8], rules: FitRules<'_>) -> bool {
    (rules.is_number)(cell) && !is_year(cell)
}

/// Whether a cell in a header may be a year (1800 to 2199), which is a name more often than data.
pub(in crate::table) fn is_year(cell: &[u8]) -> bool {
    matches!(cell, [b'1', b'8' | b'9', _, _] | [b'2', b'0' | b'1', _, _]) && cell.iter().all(u8::is_ascii_digit)
}

/// The most frequent number of fields above 1, and how many records have it.
pub(super) fn usual_width(records: &[Record]) -> Option<(usize, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for record in records {
        *counts.entry(record.fields.len()).or_insert(0) += 1;
    }
    counts.into_iter().filter(|(width, _)| *width > 1).max_by_key(|(width, count)| (*count, *width))
}
