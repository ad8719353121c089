//! A column while it is read for the first time.

use super::error::{Mixed, SHOWN, TableError, shown};
use super::notation::{Forms, readings};
use super::number::NumberFormat;
use super::range::Range;
use super::reader::{Cell, TableReader};
use super::schema::ColumnProfile;
use super::skipped::{SkipReason, Skipped, SkippedColumn};
use crate::foundation::decimal::{Decimal, NotDecimal};

/// The most different cells that a remedy lists.
const MOST_ODD: usize = 5;

/// What became of a column.
pub(super) enum Verdict {
    Numbers(ColumnProfile),
    /// Nothing to compute on, but no reason to stop.
    Skipped(Skipped),
    /// Not even a name.
    Nothing,
    /// Mostly numbers, but not only.
    Faulty(TableError),
}

/// A column while it is being read.
pub(super) struct ColumnScan {
    pub(super) name: String,
    pub(super) position: usize,
    nameless: bool,
    pub(super) present: u64,
    missing: u64,
    pub(super) texts: u64,
    /// The first cell that is no number, and its line.
    pub(super) first_text: Option<(u64, String)>,
    pub(super) first_number: Option<(u64, String)>,
    /// Different cells that are no numbers; `None`: too many, or too long.
    odd: Option<Vec<String>>,
    /// The forms by which all cells that are no numbers would be some.
    forms: Forms,
    /// Whether a number has a fraction, so that the file's decimal mark is one in this column, too.
    fraction: bool,
    range: Range,
    /// A number that cannot be read exactly.
    unreadable: Option<TableError>,
}

impl ColumnScan {
    pub(super) fn new(name: String, position: usize, nameless: bool) -> Self {
        Self {
            name,
            position,
            nameless,
            present: 0,
            missing: 0,
            texts: 0,
            first_text: None,
            first_number: None,
            odd: Some(Vec::new()),
            forms: Forms::ALL,
            fraction: false,
            range: Range::default(),
            unreadable: None,
        }
    }

    /// Takes the current row's cell into account.
    pub(super) fn take(&mut self, reader: &TableReader<'_>) {
        match reader.cell(self.position) {
            Cell::Missing => self.missing += 1,
            Cell::Number(value) => self.number(value, reader),
            Cell::Text(NotDecimal::Form) => self.text(reader),
            Cell::Text(reason) => {
                self.present += 1;
                let (line, cell) = (reader.line(), reader.shown(self.position));
                let error = || TableError::Number { line, column: self.name.clone(), cell, reason };
                self.unreadable = self.unreadable.take().or_else(|| Some(error()));
            }
        }
    }

    fn number(&mut self, value: Decimal, reader: &TableReader<'_>) {
        self.present += 1;
        self.fraction |= value.exponent().is_some_and(|exponent| exponent < 0);
        if self.first_number.is_none() {
            self.first_number = Some((reader.line(), reader.shown(self.position)));
        }
        self.range.add(value, || reader.line());
    }

    fn text(&mut self, reader: &TableReader<'_>) {
        self.texts += 1;
        let cell = reader.field(self.position);
        if self.first_text.is_none() {
            self.first_text = Some((reader.line(), shown(cell)));
        }
        if !self.forms.is_empty() {
            self.forms = self.forms.and(Forms::of(cell));
        }
        if let Some(odd) = &mut self.odd
            && !odd.iter().any(|known| known.as_bytes() == cell)
        {
            odd.push(String::from_utf8_lossy(cell).into_owned());
            if odd.len() > MOST_ODD || odd.last().is_some_and(|cell| cell.chars().count() > SHOWN) {
                self.odd = None;
            }
        }
    }

    /// What to do with the column; `format` is that of the file's numbers, `codes` those for missing values.
    pub(super) fn verdict(self, format: NumberFormat, codes: &[String]) -> Verdict {
        if self.present == 0 && self.texts == 0 {
            return if self.nameless { Verdict::Nothing } else { self.skipped(SkipReason::Blank, None) };
        }
        if self.texts > 0 {
            return self.with_text(format, codes);
        }
        if let Some(error) = self.unreadable {
            return skipped(self.name, SkipReason::Range, error, None);
        }
        match self.range.limits(&self.name) {
            Ok((exponent, minimum, range)) => Verdict::Numbers(ColumnProfile {
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

    fn with_text(self, format: NumberFormat, codes: &[String]) -> Verdict {
        let forms = if self.fraction { self.forms.with_mark(format.mark) } else { self.forms };
        let cell = self.first_text.as_ref().map(|(_, cell)| cell.clone()).unwrap_or_default();
        // Who has named the thousands separator has chosen a form.
        let readings = if format.thousands.is_none() { readings(&cell, forms, format.mark) } else { Vec::new() };
        if !readings.is_empty() {
            let line = self.first_text.as_ref().map_or(0, |(line, _)| *line);
            let error = TableError::Notation { line, column: self.name.clone(), cell, readings };
            return if self.present > 0 {
                Verdict::Faulty(error)
            } else {
                self.skipped(SkipReason::Notation, Some(error))
            };
        }
        if self.present >= self.texts {
            return Verdict::Faulty(self.mixed(codes));
        }
        let reason = SkipReason::Text { texts: self.texts, numbers: self.present };
        let error = (self.present > 0).then(|| self.mixed(codes));
        self.skipped(reason, error)
    }

    fn mixed(&self, codes: &[String]) -> TableError {
        let (line, cell) = self.first_text.clone().unwrap_or_default();
        let (number_line, number) = self.first_number.clone().unwrap_or_default();
        let other_form = self.odd.iter().flatten().any(|cell| !Forms::of(cell.as_bytes()).is_empty());
        TableError::Mixed(Box::new(Mixed {
            line,
            column: self.name.clone(),
            cell,
            texts: self.texts,
            number_line,
            number,
            numbers: self.present,
            odd: self.odd.clone(),
            other_form,
            codes: codes.to_vec(),
            others: Vec::new(),
        }))
    }

    fn skipped(self, reason: SkipReason, error: Option<TableError>) -> Verdict {
        let error = error.unwrap_or_else(|| TableError::NotNumeric { name: self.name.clone() });
        skipped(self.name, reason, error, self.first_text)
    }
}

fn skipped(name: String, reason: SkipReason, error: TableError, example: Option<(u64, String)>) -> Verdict {
    let example = example.map(|(_, cell)| cell).unwrap_or_default();
    Verdict::Skipped(Skipped { column: SkippedColumn { name, reason }, error, example })
}
