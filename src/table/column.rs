//! A column while it is read for the first time.

use super::decimal_mark::PointEvidence;
use super::edges::EdgeScan;
use super::error::{Mixed, OddCells, SHOWN, TableError, shown};
use super::notation::{Forms, readings};
use super::number::NumberFormat;
use super::range::Range;
use super::reader::{Cell, TableReader};
use super::schema::ColumnProfile;
use super::skipped::{SkipReason, Skipped, SkippedColumn};
use crate::foundation::decimal::{Decimal, ParseDecimalError};

/// The most different cells that a remedy lists.
const MOST_ODD: usize = 5;

/// The most numbers of which the mark is looked at although it is known.
const MOST_LOOKED_AT: u64 = 1000;

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
    edges: EdgeScan,
    /// The first cell that is no number, and its line.
    pub(super) first_text: Option<(u64, String)>,
    pub(super) first_number: Option<(u64, String)>,
    /// Different cells that are no numbers; `None`: too many, or too long.
    odd: Option<Vec<String>>,
    /// Cells that would be numbers in another form.
    formed: u64,
    /// The forms by which all of those, and the numbers whose mark may be a separator, are numbers.
    forms: Forms,
    /// The first of them, and its line.
    first_formed: Option<(u64, String)>,
    /// Different cells that are numbers in no form; `None`: too many, or too long.
    pub(super) formless: Option<Vec<String>>,
    /// Whether a number has a fraction in no other form, so that the file's decimal mark is one in this column, too.
    fraction: bool,
    pub(super) points: PointEvidence,
    /// Whether a number was one that [`is_one_group`] is true of.
    has_group: bool,
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
            edges: EdgeScan::default(),
            first_text: None,
            first_number: None,
            odd: Some(Vec::new()),
            formed: 0,
            forms: Forms::ALL,
            first_formed: None,
            formless: Some(Vec::new()),
            fraction: false,
            points: PointEvidence::default(),
            has_group: false,
            range: Range::default(),
            unreadable: None,
        }
    }

    /// Takes the current row's cell into account.
    pub(super) fn take(&mut self, reader: &TableReader<'_>) {
        match reader.cell(self.position) {
            Cell::Missing => {
                self.missing += 1;
                self.edges.missing();
            }
            Cell::Number(value) => self.number(value, reader),
            Cell::Text(ParseDecimalError::Form) => self.text(reader),
            Cell::Text(reason) => {
                self.present += 1;
                self.edges.number();
                let (line, cell) = (reader.line(), reader.shown(self.position));
                let error = || TableError::Number { line, column: self.name.clone(), cell, reason };
                self.unreadable = self.unreadable.take().or_else(|| Some(error()));
            }
        }
    }

    fn number(&mut self, value: Decimal, reader: &TableReader<'_>) {
        self.present += 1;
        self.edges.number();
        if !self.fraction || !self.points.is_certain && self.present <= MOST_LOOKED_AT {
            self.mark(value, reader);
        }
        if self.first_number.is_none() {
            self.first_number = Some((reader.line(), reader.shown(self.position)));
        }
        self.range.add(value, || reader.line());
    }

    /// Looks at the marks in the number as it is written, if it has any.
    fn mark(&mut self, value: Decimal, reader: &TableReader<'_>) {
        let cell = reader.field(self.position);
        let format = reader.dialect().numbers();
        let is_whole = value.exponent().is_none_or(|exponent| exponent >= 0);
        // Those of one kind can be read alike: one of them is enough.
        let is_group = is_one_group(cell, format.mark);
        if is_whole && !cell.contains(&format.mark) || is_group && self.has_group {
            return;
        }
        self.has_group |= is_group;
        let forms = Forms::of(cell);
        if forms.with_mark(format.mark) == forms {
            self.fraction = true;
        } else {
            self.forms = self.forms.and(forms);
        }
        self.points.add(reader.line(), cell, forms);
    }

    fn text(&mut self, reader: &TableReader<'_>) {
        self.texts += 1;
        self.edges.text(reader.line(), reader.line() + reader.breaks_inside());
        let cell = reader.field(self.position);
        if self.first_text.is_none() {
            self.first_text = Some((reader.line(), shown(cell)));
        }
        add(&mut self.odd, cell);
        let forms = Forms::of(cell);
        self.points.add(reader.line(), cell, forms);
        if forms.is_empty() {
            return add(&mut self.formless, cell);
        }
        self.formed += 1;
        self.forms = self.forms.and(forms);
        if self.first_formed.is_none() {
            self.first_formed = Some((reader.line(), shown(cell)));
        }
    }

    /// Whether it has numbers, in whatever form.
    pub(super) fn is_numeric(&self) -> bool {
        self.present + self.formed > 0
    }

    /// How many cells are numbers, in whatever form, of how many.
    pub(super) fn numbers_and_cells(&self) -> (u64, u64) {
        (self.present + self.formed, self.present + self.texts)
    }

    /// How many cells are numbers in no form.
    pub(super) fn formless(&self) -> u64 {
        self.texts - self.formed
    }

    /// Whether the first cell that is no number stands in `line`.
    pub(super) fn has_text_in(&self, line: u64) -> bool {
        self.first_text.as_ref().is_some_and(|(at, _)| *at == line)
    }

    /// The first number, or else the first number in another form.
    pub(super) fn first_in_any_form(&self) -> String {
        let first = self.first_number.as_ref().or(self.first_formed.as_ref());
        first.map(|(_, cell)| cell.clone()).unwrap_or_default()
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
        if let Some(error) = self.notation(format, codes) {
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

    /// That the column's numbers are written in another form, if most of its cells are numbers in one.
    fn notation(&self, format: NumberFormat, codes: &[String]) -> Option<TableError> {
        let (line, cell) = self.first_formed.clone()?;
        let formless = self.formless();
        if self.present + self.formed < formless {
            return None;
        }
        let forms = if self.fraction { self.forms.with_mark(format.mark) } else { self.forms };
        let readings = readings(&cell, forms.beside(format), format);
        (!readings.is_empty()).then(|| {
            let odd =
                OddCells { count: formless, cells: self.formless.clone(), codes: codes.to_vec(), others: Vec::new() };
            TableError::Notation { line, column: self.name.clone(), cell, readings, odd: Box::new(odd) }
        })
    }

    fn mixed(&self, codes: &[String]) -> TableError {
        let (line, cell) = self.first_text.clone().unwrap_or_default();
        let (number_line, number) = self.first_number.clone().unwrap_or_default();
        TableError::Mixed(Box::new(Mixed {
            line,
            column: self.name.clone(),
            cell,
            texts: self.texts,
            number_line,
            number,
            numbers: self.present,
            odd: self.odd.clone(),
            other_form: self.formed > 0,
            edges: self.edges.edges(self.texts),
            codes: codes.to_vec(),
            others: Vec::new(),
        }))
    }

    fn skipped(self, reason: SkipReason, error: Option<TableError>) -> Verdict {
        let error = error.unwrap_or_else(|| TableError::NotNumeric { name: self.name.clone() });
        skipped(self.name, reason, error, self.first_text)
    }
}

/// Whether a number is written as `1.234`: up to three digits, the mark and three digits.
fn is_one_group(cell: &[u8], mark: u8) -> bool {
    let Some((whole, [found, group @ ..])) = cell.split_at_checked(cell.len().saturating_sub(4)) else { return false };
    let digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    *found == mark && digits(group) && digits(whole) && (1..=3).contains(&whole.len()) && !whole.starts_with(b"0")
}

/// Adds `cell` to a list of different cells, unless they become too many or too long.
fn add(cells: &mut Option<Vec<String>>, cell: &[u8]) {
    let Some(list) = cells else { return };
    if !list.iter().any(|known| known.as_bytes() == cell) {
        list.push(String::from_utf8_lossy(cell).into_owned());
        if list.len() > MOST_ODD || list.last().is_some_and(|cell| cell.chars().count() > SHOWN) {
            *cells = None;
        }
    }
}

fn skipped(name: String, reason: SkipReason, error: TableError, example: Option<(u64, String)>) -> Verdict {
    let example = example.map(|(_, cell)| cell).unwrap_or_default();
    Verdict::Skipped(Skipped { column: SkippedColumn { name, reason }, error, example })
}
