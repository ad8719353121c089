//! How the rows fit the header: most tables have as many fields in each, some exporters differ in known ways.

use std::collections::HashSet;

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
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) delimiter: u8,
    pub(super) header: bool,
    pub(super) fill_short_rows: bool,
}

/// How `records` fit together; `is_number` tells cells that are numbers in any form.
pub(super) fn fit(records: &[Record], rules: Rules, is_number: &dyn Fn(&[u8]) -> bool) -> Fit {
    let Some((first, rows)) = records.split_first() else { return Fit::Ragged };
    let width = first.fields.len();
    let widths = || rows.iter().map(|record| record.fields.len());
    let least = if rules.fill_short_rows { 1 } else { named_width(&first.fields, rules.header) };
    if width > 1 && widths().all(|other| (least..=width).contains(&other)) {
        return Fit::Fits(Shape::Regular);
    }
    if !rules.header || rows.is_empty() {
        return Fit::Ragged;
    }
    let has_number = |record: &Record| record.fields.iter().any(|cell| is_number(cell));
    let second_header = !rows.first().is_some_and(has_number) && rows.iter().any(has_number);
    if widths().all(|other| other == width + 1) && !second_header {
        return one_name_short(rows, rules, is_number).map_or(Fit::Ragged, Fit::Fits);
    }
    preamble(records).map_or(Fit::Ragged, Fit::Preamble)
}

/// The width of a header without the blank names at its end.
pub(super) fn named_width(header: &[Vec<u8>], names: bool) -> usize {
    let last = if names { header.iter().rposition(|name| !name.is_empty()) } else { None };
    last.map_or(header.len(), |last| last + 1)
}

/// The header lacks a name: that of the rows' names, or that of a blank field behind the last delimiter.
fn one_name_short(rows: &[Record], rules: Rules, is_number: &dyn Fn(&[u8]) -> bool) -> Option<Shape> {
    let trailing = rows.iter().all(|row| row.fields.last().is_some_and(Vec::is_empty));
    let first = || rows.iter().filter_map(|row| row.fields.first());
    let distinct = first().all(|cell| !cell.is_empty()) && first().collect::<HashSet<_>>().len() == rows.len();
    let counted = first().zip(1_u32..).all(|(cell, number)| number.to_string().as_bytes() == cell.as_slice());
    // A comma may also be a decimal comma without quotation marks, so there only names in quotation marks count.
    let named = rules.delimiter != b',' && (counted || !first().any(|cell| is_number(cell)));
    let named = distinct && (named || rows.iter().all(|row| row.first_quoted));
    match (named, trailing) {
        (_, true) => Some(Shape::TrailingDelimiter),
        (true, false) => Some(Shape::RowNames),
        (false, false) => None,
    }
}

/// How many records come before the first that is as wide as nearly all others, if those before are narrower.
fn preamble(records: &[Record]) -> Option<usize> {
    let (usual, _) = usual_width(records)?;
    let before = records.iter().position(|record| record.fields.len() == usual)?;
    let (title, table) = records.split_at(before);
    let fitting = table.iter().filter(|record| record.fields.len() == usual).count();
    let narrower = title.iter().all(|record| record.fields.len() < usual);
    (before > 0 && narrower && fitting >= 2 && 5 * fitting >= 4 * table.len()).then_some(before)
}

/// The width above 1 that most records have, and how many have it.
pub(super) fn usual_width(records: &[Record]) -> Option<(usize, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for record in records {
        *counts.entry(record.fields.len()).or_insert(0) += 1;
    }
    counts.into_iter().filter(|(width, _)| *width > 1).max_by_key(|(width, count)| (*count, *width))
}
