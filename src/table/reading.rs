//! The first records as one delimiter gives them, and how that compares with another.

use super::dialect::{Dialect, HeaderRow};
use super::error::shown;
use super::missing::MissingCodes;
use super::notation::Forms;
use super::preview::{Preview, Record};
use super::shape::{Fit, Rules, Shape, fit, usual_width};

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
    /// Commas that stand in numbers separate cells only if those in numbers are protected by quotation marks.
    usable: bool,
}

impl Reading {
    pub(super) fn new(preview: &Preview, delimiter: u8, dialect: &Dialect) -> Self {
        let records = preview.records(delimiter, dialect);
        let header = dialect.header != HeaderRow::Absent;
        let rules = Rules { delimiter, header, fill_short_rows: dialect.fill_short_rows };
        let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
        let is_number = |cell: &[u8]| !codes.has_text(cell) && !Forms::of(cell).is_empty();
        let fit = fit(&records, rules, &is_number);
        let rows = records.get(usize::from(header)..).unwrap_or_default();
        let width = usual_width(&records).map_or(1, |(width, _)| width);
        let whole: Vec<&Record> = rows.iter().filter(|row| row.fields.len() == width).collect();
        let numeric = (0..width).filter(|column| is_numeric(&whole, *column, &codes)).count();
        let in_numbers = dialect.numbers().mark == delimiter || dialect.thousands == Some(char::from(delimiter));
        let protected = || rows.iter().flat_map(|row| &row.fields).any(|cell| cell.contains(&delimiter));
        Self { delimiter, fit, numeric, width, usable: !in_numbers || protected(), records }
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

    /// Whether no fewer columns hold numbers, and no smaller share of them.
    pub(super) fn is_at_least(&self, other: &Self) -> bool {
        self.numeric >= other.numeric && self.numeric * other.width >= other.numeric * self.width
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
