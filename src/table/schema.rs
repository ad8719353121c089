//! The first pass: which columns hold numbers, how many, how large and how fine.

use super::dialect::Dialect;
use super::error::{TableError, shown};
use super::limits::MAX_RANGE_BITS;
use super::reader::{Cell, TableReader};
use super::source::{CsvDigest, CsvSource};
use crate::foundation::decimal::{Decimal, NotDecimal};
use crate::foundation::observer::Observer;

/// Rows between two questions whether to go on.
const ROWS_PER_QUESTION: u64 = 4096;

/// Which columns are wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these; `None`: all that hold numbers.
    pub only: Option<Vec<String>>,
    /// Never these.
    pub except: Vec<String>,
}

/// What the first pass learned of a column of numbers.
///
/// Every value of the column is `(minimum + y) · 10^exponent` with an integer 0 ≤ y ≤ `range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProfile {
    /// From the header.
    pub name: String,
    /// Field of the row, from 0.
    pub position: usize,
    /// Rows that have a value.
    pub present: u64,
    /// Rows that have none.
    pub missing: u64,
    /// Power of ten of the finest digit.
    pub exponent: i32,
    /// The smallest value, in units of 10^`exponent`.
    pub minimum: i128,
    /// The largest value minus the smallest, in the same units; below 2^[`MAX_RANGE_BITS`].
    pub range: u128,
}

/// A column of which no cell is a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// From the header.
    pub name: String,
    /// Its first cell that holds something, as a message shows it.
    pub example: Option<String>,
}

/// What the first pass learned of the table.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The wanted columns of numbers, in the file's order; never empty.
    pub columns: Vec<ColumnProfile>,
    /// The columns that hold no number, in the file's order.
    pub left_out: Vec<LeftOut>,
    /// Rows below the header; at least one.
    pub rows: u64,
    /// The file that this is true of.
    pub digest: CsvDigest,
    /// How to read it again, its delimiter found out.
    pub dialect: Dialect,
}

impl Schema {
    /// Reads all of `source` once.
    ///
    /// # Errors
    /// [`TableError`], with line, column and cell where there are such.
    pub fn learn(
        source: &CsvSource,
        dialect: &Dialect,
        selection: &Selection,
        observer: &dyn Observer,
    ) -> Result<Self, TableError> {
        let mut reader = TableReader::open(source, dialect, observer)?;
        let mut columns = selection.choose(reader.names())?;
        let mut rows = 0;
        while reader.next_row()? {
            for column in &mut columns {
                column.take(&reader)?;
            }
            rows += 1;
            if rows % ROWS_PER_QUESTION == 0 {
                observer.go_on()?;
            }
        }
        if rows == 0 {
            return Err(TableError::NoRows);
        }
        let (numeric, other): (Vec<_>, Vec<_>) = columns.into_iter().partition(|column| column.present > 0);
        let left_out: Vec<_> = other.into_iter().map(Sighting::left_out).collect();
        selection.insist(&left_out)?;
        let columns = numeric.into_iter().map(Sighting::profile).collect::<Result<Vec<_>, _>>()?;
        if columns.is_empty() {
            return Err(TableError::NoNumbers);
        }
        Ok(Self { columns, left_out, rows, digest: reader.digest(), dialect: reader.dialect().clone() })
    }
}

impl Selection {
    fn choose(&self, names: &[String]) -> Result<Vec<Sighting>, TableError> {
        let asked = self.only.iter().flatten().chain(&self.except);
        if let Some(name) = asked.into_iter().find(|name| !names.contains(name)) {
            return Err(TableError::NoSuchColumn { name: name.clone(), names: names.to_vec() });
        }
        let wanted =
            |name: &String| self.only.as_ref().is_none_or(|only| only.contains(name)) && !self.except.contains(name);
        let chosen = names.iter().enumerate().filter(|(_, name)| wanted(name));
        Ok(chosen.map(|(position, name)| Sighting::new(name.clone(), position)).collect())
    }

    /// A column asked for by name must not be left out in silence.
    fn insist(&self, left_out: &[LeftOut]) -> Result<(), TableError> {
        let only = self.only.as_deref().unwrap_or_default();
        match left_out.iter().find(|column| only.contains(&column.name)) {
            Some(column) => Err(TableError::NotNumeric { name: column.name.clone() }),
            None => Ok(()),
        }
    }
}

/// A value and the line where it stands.
#[derive(Debug, Clone, Copy)]
struct Seen {
    value: Decimal,
    line: u64,
}

/// A column while it is being read.
struct Sighting {
    name: String,
    position: usize,
    present: u64,
    missing: u64,
    text: Option<(u64, String)>,
    /// The value with the finest digit; none while all were zero.
    finest: Option<Seen>,
    exponent: i32,
    least: Option<(i128, Seen)>,
    most: Option<(i128, Seen)>,
}

impl Sighting {
    fn new(name: String, position: usize) -> Self {
        Self { name, position, present: 0, missing: 0, text: None, finest: None, exponent: 0, least: None, most: None }
    }

    fn take(&mut self, reader: &TableReader<'_>) -> Result<(), TableError> {
        match reader.cell(self.position) {
            Cell::Missing => self.missing += 1,
            Cell::Number(value) => self.number(value, reader)?,
            Cell::Text(NotDecimal::Form) => self.text(reader)?,
            Cell::Text(reason) => {
                let (line, cell) = (reader.line(), reader.shown(self.position));
                return Err(TableError::Number { line, column: self.name.clone(), cell, reason });
            }
        }
        Ok(())
    }

    fn text(&mut self, reader: &TableReader<'_>) -> Result<(), TableError> {
        if self.text.is_none() {
            self.text = Some((reader.line(), reader.shown(self.position)));
        }
        self.least.map_or(Ok(()), |(_, number)| Err(self.mixed(number)))
    }

    fn number(&mut self, value: Decimal, reader: &TableReader<'_>) -> Result<(), TableError> {
        let seen = || Seen { value, line: reader.line() };
        if self.text.is_some() {
            return Err(self.mixed(seen()));
        }
        self.present += 1;
        if value.exponent().is_some_and(|exponent| self.finest.is_none() || exponent < self.exponent) {
            self.refine(seen())?;
        }
        let units = value.at_exponent(self.exponent).ok_or_else(|| self.too_wide(seen()))?;
        if self.least.is_none_or(|(least, _)| units < least) {
            self.least = Some((units, seen()));
        }
        if self.most.is_none_or(|(most, _)| units > most) {
            self.most = Some((units, seen()));
        }
        Ok(())
    }

    /// A finer digit came: the extremes seen so far are written in its units.
    fn refine(&mut self, seen: Seen) -> Result<(), TableError> {
        self.exponent = seen.value.exponent().unwrap_or(self.exponent);
        self.finest = Some(seen);
        for extreme in [&mut self.least, &mut self.most].into_iter().flatten() {
            match extreme.1.value.at_exponent(self.exponent) {
                Some(units) => extreme.0 = units,
                None => return Err(too_wide(&self.name, extreme.1, seen)),
            }
        }
        Ok(())
    }

    fn too_wide(&self, seen: Seen) -> TableError {
        too_wide(&self.name, seen, self.finest.unwrap_or(seen))
    }

    fn mixed(&self, number: Seen) -> TableError {
        let (line, cell) = self.text.clone().unwrap_or_default();
        TableError::Mixed {
            line,
            column: self.name.clone(),
            cell,
            number_line: number.line,
            number: shown(number.value.to_string().as_bytes()),
        }
    }

    fn left_out(self) -> LeftOut {
        LeftOut { name: self.name, example: self.text.map(|(_, cell)| cell) }
    }

    fn profile(self) -> Result<ColumnProfile, TableError> {
        let zero = (0, Seen { value: Decimal::ZERO, line: 0 });
        let ((least, lowest), (most, highest)) = (self.least.unwrap_or(zero), self.most.unwrap_or(zero));
        let range = most.abs_diff(least);
        if range >> MAX_RANGE_BITS != 0 {
            let farther = if most.unsigned_abs() >= least.unsigned_abs() { highest } else { lowest };
            return Err(self.too_wide(farther));
        }
        Ok(ColumnProfile {
            name: self.name,
            position: self.position,
            present: self.present,
            missing: self.missing,
            exponent: self.exponent,
            minimum: least,
            range,
        })
    }
}

fn too_wide(column: &str, extreme: Seen, finest: Seen) -> TableError {
    TableError::TooWide {
        line: extreme.line,
        column: column.into(),
        cell: scientific(extreme.value),
        fine_line: finest.line,
        fine: scientific(finest.value),
    }
}

/// Short even where plain digits would be hundreds.
fn scientific(value: Decimal) -> String {
    match value.exponent() {
        Some(exponent) if exponent.abs() > 20 => format!("{}e{exponent}", value.mantissa()),
        _ => value.to_string(),
    }
}
