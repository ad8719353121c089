//! What the first pass learns about one column, and whether the column is used, skipped or an error.

use super::classification::{Classification, ColumnProfile, SkipReason, Skipped, SkippedColumn};
use super::header_footer::HeaderFooterScan;
use super::value_range::ValueRange;
use crate::foundation::decimal::{Decimal, ParseDecimalError};
use crate::table::detection::decimal_separator::PointEvidence;
use crate::table::display::{MAX_SHOWN, excerpt};
use crate::table::error::TableError;
use crate::table::error_details::{MixedColumn, NonNumericCells};
use crate::table::numbers::format_set::{FormatSet, interpretations};
use crate::table::numbers::number_format::NumberFormat;
use crate::table::reader::{Cell, TableReader};

/// The most distinct non-numeric cells that are remembered.
const MAX_DISTINCT: usize = 5;

/// How many numbers are searched for a certain decimal point although the decimal separator is known.
const MAX_EXAMINED: u64 = 1000;

/// Collects facts about a column during the first pass.
pub(super) struct ColumnScan {
    pub(super) name: String,
    pub(super) position: usize,
    unnamed: bool,
    pub(super) present: u64,
    missing: u64,
    pub(super) texts: u64,
    header_footer: HeaderFooterScan,
    /// The line and the text of the first cell that is not a number.
    pub(super) first_text: Option<(u64, String)>,
    pub(super) first_number: Option<(u64, String)>,
    /// The distinct cells that are not numbers; `None` if there are too many or they are too long.
    distinct: Option<Vec<String>>,
    /// How many text cells would be numbers in a different format.
    other_format: u64,
    /// The formats in which all of those cells, and all numbers with an ambiguous separator, are numbers.
    formats: FormatSet,
    /// The line and the text of the first such cell.
    first_other_format: Option<(u64, String)>,
    /// The distinct cells that are not numbers in any format; `None` if there are too many or they are too long.
    pub(super) non_numeric: Option<Vec<String>>,
    /// Whether a number is one only with the file's decimal separator.
    is_decimal_certain: bool,
    pub(super) points: PointEvidence,
    /// Whether a number looked like a single group of thousands ([`is_one_group`]).
    has_group: bool,
    range: ValueRange,
    /// The error for the first number that cannot be represented exactly.
    inexact: Option<TableError>,
}

impl ColumnScan {
    pub(super) fn new(name: String, position: usize, unnamed: bool) -> Self {
        Self {
            name,
            position,
            unnamed,
            present: 0,
            missing: 0,
            texts: 0,
            header_footer: HeaderFooterScan::default(),
            first_text: None,
            first_number: None,
            distinct: Some(Vec::new()),
            other_format: 0,
            formats: FormatSet::ALL,
            first_other_format: None,
            non_numeric: Some(Vec::new()),
            is_decimal_certain: false,
            points: PointEvidence::default(),
            has_group: false,
            range: ValueRange::default(),
            inexact: None,
        }
    }

    /// Adds the current row's cell.
    pub(super) fn add(&mut self, reader: &TableReader<'_>) {
        match reader.cell(self.position) {
            Cell::Missing => {
                self.missing += 1;
                self.header_footer.missing();
            }
            Cell::Number(value) => self.add_number(value, reader),
            Cell::Text(ParseDecimalError::Form) => self.add_text(reader),
            Cell::Text(reason) => {
                self.present += 1;
                self.header_footer.number();
                let (line, cell) = (reader.line(), reader.excerpt(self.position));
                self.first_number.get_or_insert_with(|| (line, cell.clone()));
                self.inexact.get_or_insert_with(|| TableError::Number {
                    line,
                    column: self.name.clone(),
                    cell,
                    reason,
                });
            }
        }
    }

    fn add_number(&mut self, value: Decimal, reader: &TableReader<'_>) {
        self.present += 1;
        self.header_footer.number();
        if !self.is_decimal_certain || !self.points.is_certain && self.present <= MAX_EXAMINED {
            self.examine_separators(value, reader);
        }
        if self.first_number.is_none() {
            self.first_number = Some((reader.line(), reader.excerpt(self.position)));
        }
        self.range.add(value, || reader.line());
    }

    /// Looks for evidence of the number format in the separators of a number as written.
    fn examine_separators(&mut self, value: Decimal, reader: &TableReader<'_>) {
        let cell = reader.field(self.position);
        let format = reader.dialect().number_format();
        let is_whole = value.exponent().is_none_or(|exponent| exponent >= 0);
        // All numbers of the form 1.234 have the same interpretations: one of them is enough.
        let is_group = is_one_group(cell, format.decimal);
        if is_whole && !cell.contains(&format.decimal) || is_group && self.has_group {
            return;
        }
        self.has_group |= is_group;
        let formats = FormatSet::of(cell);
        if formats.with_decimal(format.decimal) == formats {
            self.is_decimal_certain = true;
        } else {
            self.formats = self.formats.and(formats);
        }
        self.points.add(reader.line(), cell, formats);
    }

    fn add_text(&mut self, reader: &TableReader<'_>) {
        self.texts += 1;
        self.header_footer.text(reader.line(), reader.line() + reader.breaks_inside());
        let cell = reader.field(self.position);
        if self.first_text.is_none() {
            self.first_text = Some((reader.line(), excerpt(cell)));
        }
        add_distinct(&mut self.distinct, cell);
        let formats = FormatSet::of(cell);
        self.points.add(reader.line(), cell, formats);
        if formats.is_empty() {
            return add_distinct(&mut self.non_numeric, cell);
        }
        self.other_format += 1;
        self.formats = self.formats.and(formats);
        if self.first_other_format.is_none() {
            self.first_other_format = Some((reader.line(), excerpt(cell)));
        }
    }

    /// Whether a cell is a number in any format.
    pub(super) fn is_numeric(&self) -> bool {
        self.present + self.other_format > 0
    }

    /// How many cells are numbers in any format, and how many are not missing.
    pub(super) fn numbers_and_cells(&self) -> (u64, u64) {
        (self.present + self.other_format, self.present + self.texts)
    }

    /// How many cells are not numbers in any format.
    pub(super) fn count_non_numeric(&self) -> u64 {
        self.texts - self.other_format
    }

    /// Whether the first cell that is not a number is in `line`.
    pub(super) fn has_first_text_in(&self, line: u64) -> bool {
        self.first_text.as_ref().is_some_and(|(at, _)| *at == line)
    }

    /// The first number, or else the first number in a different format.
    pub(super) fn first_in_any_format(&self) -> Option<&str> {
        let first = self.first_number.as_ref().or(self.first_other_format.as_ref());
        first.map(|(_, cell)| cell.as_str())
    }

    /// Decides what to do with the column; `format` is the file's number format, `codes` are its missing-value codes.
    pub(super) fn classify(self, format: NumberFormat, codes: &[String]) -> Classification {
        if self.present == 0 && self.texts == 0 {
            return if self.unnamed { Classification::Empty } else { self.skip(SkipReason::Blank, None) };
        }
        if self.texts > 0 {
            return self.classify_with_text(format, codes);
        }
        if let Some(error) = self.inexact {
            return skipped(self.name, SkipReason::Range, error, None);
        }
        match self.range.limits(&self.name) {
            Ok((exponent, minimum, range)) => Classification::Numbers(ColumnProfile {
                name: self.name,
                position: self.position,
                present: self.present,
                missing: self.missing,
                exponent,
                minimum,
                range,
            }),
            Err(error) => skipped(self.name, SkipReason::Range, error, None),
        }
    }

    fn classify_with_text(self, format: NumberFormat, codes: &[String]) -> Classification {
        if let Some(error) = self.other_format_error(format, codes) {
            return if self.present > 0 {
                Classification::Faulty(error)
            } else {
                self.skip(SkipReason::Notation, Some(error))
            };
        }
        match self.mixed_error(codes) {
            Some(error) if self.present >= self.texts => Classification::Faulty(error),
            error => {
                let reason = SkipReason::Text { texts: self.texts, numbers: self.present };
                self.skip(reason, error)
            }
        }
    }

    /// Returns an error if at least half of the cells are numbers in a different format.
    fn other_format_error(&self, format: NumberFormat, codes: &[String]) -> Option<TableError> {
        let (line, cell) = self.first_other_format.clone()?;
        let count = self.count_non_numeric();
        if self.present + self.other_format < count {
            return None;
        }
        let formats = if self.is_decimal_certain { self.formats.with_decimal(format.decimal) } else { self.formats };
        let interpretations = interpretations(&cell, formats.compatible_with(format), format);
        (!interpretations.is_empty()).then(|| {
            let (cells, codes) = (self.non_numeric.clone(), codes.to_vec());
            let non_numeric = Box::new(NonNumericCells { count, cells, codes, others: Vec::new() });
            TableError::Notation { line, column: self.name.clone(), cell, interpretations, non_numeric }
        })
    }

    /// Returns an error if the column contains both text and numbers.
    fn mixed_error(&self, codes: &[String]) -> Option<TableError> {
        let (line, cell) = self.first_text.clone()?;
        let (number_line, number) = self.first_number.clone()?;
        Some(TableError::Mixed(Box::new(MixedColumn {
            line,
            column: self.name.clone(),
            cell,
            texts: self.texts,
            number_line,
            number,
            numbers: self.present,
            distinct: self.distinct.clone(),
            has_other_format: self.other_format > 0,
            header_footer: self.header_footer.finish(self.texts),
            codes: codes.to_vec(),
            others: Vec::new(),
        })))
    }

    fn skip(self, reason: SkipReason, error: Option<TableError>) -> Classification {
        let error = error.unwrap_or_else(|| TableError::NotNumeric { name: self.name.clone() });
        skipped(self.name, reason, error, self.first_text)
    }
}

/// Whether a number looks like `1.234`: up to three digits, the separator and three digits.
fn is_one_group(cell: &[u8], separator: u8) -> bool {
    let Some((whole, [found, group @ ..])) = cell.split_at_checked(cell.len().saturating_sub(4)) else { return false };
    let digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    *found == separator && digits(group) && digits(whole) && (1..=3).contains(&whole.len()) && !whole.starts_with(b"0")
}

/// Adds `cell` to a list of distinct cells; the list becomes `None` when there are too many or they are too long.
fn add_distinct(cells: &mut Option<Vec<String>>, cell: &[u8]) {
    let Some(list) = cells else { return };
    if !list.iter().any(|known| known.as_bytes() == cell) {
        list.push(String::from_utf8_lossy(cell).into_owned());
        if list.len() > MAX_DISTINCT || list.last().is_some_and(|cell| cell.chars().count() > MAX_SHOWN) {
            *cells = None;
        }
    }
}

fn skipped(name: String, reason: SkipReason, error: TableError, example: Option<(u64, String)>) -> Classification {
    let example = example.map(|(_, cell)| cell);
    Classification::Skipped(Skipped { column: SkippedColumn { name, reason }, error, example })
}
