//! A candidate for the delimiter: the first records split by it, and how well that fits compared with other candidates.

use super::comma_in_name::is_one_name;
use super::preview::{Preview, Record};
use super::row_layout::{Fit, FitRules, RowLayout, fit, usual_width};
use crate::table::dialect::{Dialect, HeaderRow};
use crate::table::display::excerpt;
use crate::table::numbers::format_set::FormatSet;
use crate::table::numbers::missing_codes::MissingCodes;

/// The delimiters that are tried; the first one wins where nothing else decides.
pub(super) const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The most column names that an error shows.
const MAX_NAMES: usize = 4;

/// The first records, split by one delimiter.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) delimiter: u8,
    pub(super) records: Vec<Record>,
    pub(super) fit: Fit,
    /// The number of columns that contain numbers in any format.
    numeric_columns: usize,
    width: usize,
    /// Whether this can be the delimiter. A character that is also part of numbers can only be if such numbers are
    /// quoted, or if it separates the names in the header.
    usable: bool,
    /// The other candidates that occur only in cells that are numbers, such as a decimal comma.
    explained: Vec<u8>,
}

impl Candidate {
    pub(super) fn new(preview: &Preview, delimiter: u8, dialect: &Dialect) -> Self {
        Self::of(preview.records(delimiter, dialect), delimiter, dialect)
    }

    /// The candidate for records that are already split by `delimiter`.
    pub(super) fn of(records: Vec<Record>, delimiter: u8, dialect: &Dialect) -> Self {
        let has_header = dialect.header != HeaderRow::Absent;
        let codes = MissingCodes::new(&dialect.missing, dialect.number_format());
        let is_missing = |cell: &[u8]| codes.is_blank_or_code(cell);
        let is_number = |cell: &[u8]| !is_missing(cell) && !FormatSet::of(cell).is_empty();
        let Dialect { header, fill_short_rows, .. } = *dialect;
        let rules = FitRules { delimiter, header, fill_short_rows, is_number: &is_number, is_missing: &is_missing };
        let fit = fit(&records, rules);
        let before = if let Fit::Preamble(before) = fit { before } else { 0 };
        let rows = records.get(before + usize::from(has_header)..).unwrap_or_default();
        let width = usual_width(&records).map_or(1, |(width, _)| width);
        let complete: Vec<&Record> = rows.iter().filter(|row| row.fields.len() == width).collect();
        let numeric_columns = (0..width).filter(|column| is_numeric(&complete, *column, &codes)).count();
        let in_numbers =
            dialect.number_format().decimal == delimiter || dialect.thousands == Some(char::from(delimiter));
        let cells = || rows.iter().flat_map(|row| &row.fields);
        let is_quoted = || cells().any(|cell| cell.contains(&delimiter));
        let separates_names =
            || has_header && width > 1 && matches!(fit, Fit::Fits(_)) && !is_one_name(&records, delimiter);
        let usable = !in_numbers || is_quoted() || separates_names();
        let in_text = |other: &u8| cells().any(|cell| cell.contains(other) && FormatSet::of(cell).is_empty());
        let explained = CANDIDATES.into_iter().filter(|other| !in_text(other)).collect();
        Self { delimiter, records, fit, numeric_columns, width, usable, explained }
    }

    pub(super) fn fits(&self) -> bool {
        self.usable && matches!(self.fit, Fit::Fits(_))
    }

    /// Whether at least two thirds of the records are as wide as the header.
    pub(super) fn nearly_fits(&self) -> bool {
        let width = self.records.first().map_or(0, |header| header.fields.len());
        let fitting = self.records.iter().filter(|record| record.fields.len() == width).count();
        self.usable && width > 1 && fitting > 1 && 3 * fitting >= 2 * self.records.len()
    }

    pub(super) fn is_usable(&self) -> bool {
        self.usable
    }

    pub(super) fn layout(&self) -> RowLayout {
        if let Fit::Fits(layout) = self.fit { layout } else { RowLayout::Regular }
    }

    /// Whether the other delimiter occurs only in numbers if this is the delimiter, but not the other way round.
    pub(super) fn explains(&self, other: &Self) -> bool {
        self.explained.contains(&other.delimiter) && !other.explained.contains(&self.delimiter)
    }

    /// Whether there are rows and all of them fit the header.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.fit, Fit::Fits(_)) && self.records.len() > 1
    }

    /// Whether the other delimiter occurs only in numbers and gives no more columns of numbers.
    pub(super) fn makes_numbers_of(&self, other: &Self) -> bool {
        let is_regular = self.fit == Fit::Fits(RowLayout::Regular);
        is_regular && self.numeric_columns >= other.numeric_columns.max(1) && self.explained.contains(&other.delimiter)
    }

    /// Whether it explains the other candidate, or has no fewer columns of numbers and no smaller share of them.
    pub(super) fn is_at_least(&self, other: &Self) -> bool {
        let numbers = self.numeric_columns >= other.numeric_columns
            && self.numeric_columns * other.width >= other.numeric_columns * self.width;
        self.explains(other) || numbers && !other.explains(self)
    }

    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        self.is_at_least(other) && !other.is_at_least(self)
    }

    /// The delimiter and the column names that it gives, for an error.
    pub(super) fn summary(&self) -> (char, String) {
        let names = self.records.first().map(|header| header.fields.as_slice()).unwrap_or_default();
        let mut text = names.iter().take(MAX_NAMES).map(|name| format!("{:?}", excerpt(name))).collect::<Vec<_>>();
        if names.len() > MAX_NAMES {
            text.push("…".into());
        }
        (char::from(self.delimiter), text.join(", "))
    }
}

/// Whether all cells of a column that are not missing are numbers in a common format, and there is one.
fn is_numeric(rows: &[&Record], column: usize, codes: &MissingCodes) -> bool {
    let cells = rows.iter().filter_map(|row| row.fields.get(column)).filter(|cell| !codes.is_blank_or_code(cell));
    let mut formats = FormatSet::ALL;
    let mut any = false;
    for cell in cells {
        formats = formats.and(FormatSet::of(cell));
        any = true;
    }
    any && !formats.is_empty()
}
