//! The columns after the first pass: those to compute on and those that are skipped, or one error for all of them.

use std::collections::HashSet;

use super::classification::{Classification, ColumnProfile, SkipReason, Skipped};
use super::column_scan::ColumnScan;
use super::second_header::{MAX_CODES, SecondHeaderScan};
use super::selection::Selection;
use crate::table::detection::row_layout::RowLayout;
use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::error_details::MixedColumn;
use crate::table::reader::TableReader;

/// The columns of a table, each in the file's order.
pub(super) struct ClassifiedColumns {
    pub(super) numeric: Vec<ColumnProfile>,
    pub(super) skipped: Vec<Skipped>,
}

impl ClassifiedColumns {
    /// Classifies all columns.
    ///
    /// # Errors
    /// The error of a column that would be skipped but was selected by name, or of columns whose numbers would be lost.
    pub(super) fn new(
        scans: Vec<ColumnScan>,
        reader: &TableReader<'_>,
        selection: &Selection,
        second_header: &SecondHeaderScan,
    ) -> Result<Self, TableError> {
        let selected: HashSet<&String> = selection.only.iter().flatten().collect();
        let dialect = reader.dialect();
        let (format, codes) = (dialect.number_format(), dialect.missing.as_slice());
        let (mut numeric, mut all_skipped, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for scan in scans {
            match scan.classify(format, codes) {
                Classification::Numbers(profile) => numeric.push(profile),
                Classification::Skipped(skipped) if selected.contains(&skipped.column.name) => {
                    return Err(skipped.error);
                }
                Classification::Skipped(skipped) => all_skipped.push(skipped),
                Classification::Empty => {}
                Classification::Faulty(error) => errors.push(error),
            }
        }
        combine(errors, second_header).map_or(Ok(Self { numeric, skipped: all_skipped }), Err)
    }
}

/// Returns the first error. Other columns with the same problem are added to it, so that one next step is enough.
fn combine(errors: Vec<TableError>, second_header: &SecondHeaderScan) -> Option<TableError> {
    let mut errors = errors.into_iter();
    let mut first = errors.next()?;
    if let TableError::Notation { non_numeric, .. } = &mut first {
        non_numeric.others.extend(errors.by_ref().filter_map(|error| match error {
            TableError::Notation { column, .. } => Some(column),
            _ => None,
        }));
    }
    if let TableError::Mixed(mixed) = &mut first {
        combine_mixed(mixed, errors, second_header);
    }
    Some(first)
}

fn combine_mixed(mixed: &mut MixedColumn, errors: impl Iterator<Item = TableError>, second_header: &SecondHeaderScan) {
    // A row above the numbers is not a header if another cell of it is a number.
    let is_header = |(first, last)| second_header.contains(first) && second_header.contains(last);
    mixed.header_footer.take_if(|lines| !lines.header.is_none_or(is_header));
    for error in errors {
        let TableError::Mixed(other) = error else { continue };
        mixed.others.push(other.column);
        mixed.has_other_format |= other.has_other_format;
        mixed.header_footer = mixed.header_footer.filter(|lines| other.header_footer == Some(*lines));
        mixed.distinct = mixed.distinct.take().zip(other.distinct).map(|(mut cells, more)| {
            cells.extend(more.into_iter().filter(|cell| !cells.contains(cell)).collect::<Vec<_>>());
            cells
        });
        mixed.distinct.take_if(|cells| cells.len() > MAX_CODES);
    }
}

/// The error for a table without any column to compute on: that of the first skipped column, if it explains more.
pub(super) fn no_columns(mut skipped: Vec<Skipped>, reader: &TableReader<'_>) -> TableError {
    if reader.names().len() == 1 && reader.layout() == RowLayout::Regular && skipped.len() == 1 {
        let Skipped { column, error, example } = skipped.remove(0);
        let (name, hint) = (excerpt(column.name.as_bytes()), reader.delimiter_hint());
        return match (error, column.reason, example) {
            (TableError::Notation { interpretations, .. }, _, Some(cell)) if hint.is_some() => {
                TableError::OneColumn { name, cell, interpretations, hint }
            }
            (_, SkipReason::Text { .. }, Some(cell)) => {
                TableError::OneColumn { name, cell, interpretations: Vec::new(), hint }
            }
            (_, SkipReason::Blank, _) => TableError::NoNumbers,
            (error, ..) => error,
        };
    }
    let explains = |skipped: &Skipped| matches!(skipped.column.reason, SkipReason::Notation | SkipReason::Range);
    skipped.into_iter().find(explains).map_or(TableError::NoNumbers, |skipped| skipped.error)
}
