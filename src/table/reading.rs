//! The first records as one delimiter gives them, and how that compares with another.

use super::dialect::{Dialect, HeaderRow};
use super::error::shown;
use super::missing::MissingCodes;
use super::notation::Forms;
use super::one_name::is_one_name;
use super::preview::{Preview, Record};
use super::shape::{Fit, Rules, Shape, fit, usual_width};

/// Delimiters that are tried, best first where nothing else decides.
pub(super) const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many names of columns an error shows.
const SHOWN_NAMES: usize = 4;

/// The first records by one delimiter.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) delimiter: u8,
    pub(super) records: Vec<Record>,
    pub(super) fit: Fit,
    /// Columns of numbers, in whatever form, among the first records.
    numeric: usize,
    width: usize,
    /// Commas that stand in numbers separate cells only if those in numbers are protected by quotation marks, or if the header
    /// is separated by them, too.
    usable: bool,
    /// The other candidates that stand only in cells that are numbers, as a decimal comma does.
    explained: Vec<u8>,
}

impl Reading {
    pub(super) fn new(preview: &Preview, delimiter: u8, dialect: &Dialect) -> Self {
        Self::of(preview.records(delimiter, dialect), delimiter, dialect)
    }

    /// These records, which are separated by `delimiter`.
    pub(super) fn of(records: Vec<Record>, delimiter: u8, dialect: &Dialect) -> Self {
        let header = dialect.header != HeaderRow::Absent;
        let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
        let is_missing = |cell: &[u8]| codes.has_text(cell);
        let is_number = |cell: &[u8]| !is_missing(cell) && !Forms::of(cell).is_empty();
        let (named, fill_short_rows) = (dialect.header, dialect.fill_short_rows);
        let rules = Rules { delimiter, header: named, fill_short_rows, is_number: &is_number, is_missing: &is_missing };
        let fit = fit(&records, rules);
        let before = if let Fit::Preamble(before) = fit { before } else { 0 };
        let rows = records.get(before + usize::from(header)..).unwrap_or_default();
        let width = usual_width(&records).map_or(1, |(width, _)| width);
        let whole: Vec<&Record> = rows.iter().filter(|row| row.fields.len() == width).collect();
        let numeric = (0..width).filter(|column| is_numeric(&whole, *column, &codes)).count();
        let in_numbers = dialect.numbers().mark == delimiter || dialect.thousands == Some(char::from(delimiter));
        let cells = || rows.iter().flat_map(|row| &row.fields);
        let protected = || cells().any(|cell| cell.contains(&delimiter));
        let separates_names =
            || header && width > 1 && matches!(fit, Fit::Fits(_)) && !is_one_name(&records, delimiter);
        let usable = !in_numbers || protected() || separates_names();
        let in_text = |other: &u8| cells().any(|cell| cell.contains(other) && Forms::of(cell).is_empty());
        let explained = CANDIDATES.into_iter().filter(|other| !in_text(other)).collect();
        Self { delimiter, records, fit, numeric, width, usable, explained }
    }

    pub(super) fn fits(&self) -> bool {
        self.usable && matches!(self.fit, Fit::Fits(_))
    }

    /// Whether most rows are as wide as the header.
    pub(super) fn nearly_fits(&self) -> bool {
        let width = self.records.first().map_or(0, |header| header.fields.len());
        let fitting = self.records.iter().filter(|record| record.fields.len() == width).count();
        self.usable && width > 1 && fitting > 1 && 3 * fitting >= 2 * self.records.len()
    }

    pub(super) fn is_usable(&self) -> bool {
        self.usable
    }

    pub(super) fn shape(&self) -> Shape {
        if let Fit::Fits(shape) = self.fit { shape } else { Shape::Regular }
    }

    /// Whether the other delimiter stands in numbers only, while this one would stand in text.
    pub(super) fn explains(&self, other: &Self) -> bool {
        self.explained.contains(&other.delimiter) && !other.explained.contains(&self.delimiter)
    }

    /// Whether there are rows, and all of them fit the header.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.fit, Fit::Fits(_)) && self.records.len() > 1
    }

    /// Whether the other delimiter stands in numbers only and makes no more columns of numbers.
    pub(super) fn makes_numbers_of(&self, other: &Self) -> bool {
        let is_regular = self.fit == Fit::Fits(Shape::Regular);
        is_regular && self.numeric >= other.numeric.max(1) && self.explained.contains(&other.delimiter)
    }

    /// Whether it explains the other one, or else has no fewer columns of numbers and no smaller share of them.
    pub(super) fn is_at_least(&self, other: &Self) -> bool {
        let numbers = self.numeric >= other.numeric && self.numeric * other.width >= other.numeric * self.width;
        self.explains(other) || numbers && !other.explains(self)
    }

    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        self.is_at_least(other) && !other.is_at_least(self)
    }

    /// The delimiter, and the names that it gives, for an error.
    pub(super) fn shown(&self) -> (char, String) {
        let names = self.records.first().map(|header| header.fields.as_slice()).unwrap_or_default();
        let mut text = names.iter().take(SHOWN_NAMES).map(|name| format!("{:?}", shown(name))).collect::<Vec<_>>();
        if names.len() > SHOWN_NAMES {
            text.push("…".into());
        }
        (char::from(self.delimiter), text.join(", "))
    }
}

/// Whether all cells of a column are numbers or mean that there is none, and one is a number.
fn is_numeric(rows: &[&Record], column: usize, codes: &MissingCodes) -> bool {
    let cells = rows.iter().filter_map(|row| row.fields.get(column)).filter(|cell| !codes.has_text(cell));
    let mut forms = Forms::ALL;
    let mut any = false;
    for cell in cells {
        forms = forms.and(Forms::of(cell));
        any = true;
    }
    any && !forms.is_empty()
}
