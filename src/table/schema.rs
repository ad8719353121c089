//! The first pass: which columns hold numbers, how many, how large and how fine.

use std::collections::HashSet;

use super::column::{ColumnScan, Verdict};
use super::decimal_mark::{Field, refuse_doubt};
use super::dialect::Dialect;
use super::error::TableError;
use super::reader::TableReader;
use super::row_names::RowNames;
use super::shape::Shape;
use super::skipped::{self, SkipReason, Skipped, SkippedColumn};
use super::source::{CsvDigest, CsvSource};
use super::top_rows::{MOST_CODES, TopRows};
use super::{column_names, opened, remarks};
use crate::foundation::observer::Observer;

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
    /// Place among the columns, from 0.
    pub position: usize,
    /// Rows that have a value.
    pub present: u64,
    /// Rows that have none.
    pub missing: u64,
    /// Power of ten of the finest digit.
    pub exponent: i32,
    /// The smallest value, in units of 10^`exponent`.
    pub minimum: i128,
    /// The largest value minus the smallest, in the same units; below 2^[`super::limits::MAX_RANGE_BITS`].
    pub range: u128,
}

/// What the first pass learned of the table.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The wanted columns of numbers, in the file's order; never empty.
    pub columns: Vec<ColumnProfile>,
    /// The columns that are left out although nobody asked for that, in the file's order.
    pub skipped: Vec<SkippedColumn>,
    /// What the user should know: how the file was read, and what was left out.
    pub notices: Vec<String>,
    /// Rows below the header; at least one.
    pub rows: u64,
    /// The file that this is true of.
    pub digest: CsvDigest,
    /// How to read it again, with what was found out.
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
        let learned = Self::learn_as_it_is(source, dialect, selection, observer);
        learned.map_err(|error| opened::with_plain_lines(error, source))
    }

    fn learn_as_it_is(
        source: &CsvSource,
        dialect: &Dialect,
        selection: &Selection,
        observer: &dyn Observer,
    ) -> Result<Self, TableError> {
        let mut reader = TableReader::open(source, dialect, observer)?;
        let mut scans = selection.choose(&reader)?;
        let mut row_names = RowNames::default();
        let (mut rows, mut top) = (0, TopRows::default());
        while reader.next_row()? {
            top.take(&reader);
            row_names.take(&reader);
            for scan in &mut scans {
                scan.take(&reader);
            }
            rows += 1;
        }
        if rows == 0 {
            return Err(TableError::NoRows);
        }
        if reader.comma_example().is_none() {
            let fields: Vec<Field<'_>> = scans.iter().map(|scan| field(scan, &reader)).collect();
            refuse_doubt(&fields, reader.dialect().delimiter.unwrap_or(b','), false, dialect)?;
        }
        top.refuse_second_header(&scans, &reader)?;
        row_names.refuse_odd_one()?;
        let Sorted { columns, skipped } = sort(scans, &reader, selection, &top)?;
        reader.header().refuse_duplicates(columns.iter().map(|column| column.position), reader.dialect())?;
        if columns.is_empty() {
            return Err(nothing_left(skipped, &reader));
        }
        let mut notices = remarks::remarks(&reader, &columns);
        notices.extend(skipped::notices(&skipped));
        let skipped = skipped.into_iter().map(|skipped| skipped.column).collect();
        Ok(Self { columns, skipped, notices, rows, digest: reader.digest(), dialect: reader.dialect().clone() })
    }
}

fn field<'s>(scan: &'s ColumnScan, reader: &TableReader<'_>) -> Field<'s> {
    let (numbers, cells) = scan.numbers_and_cells();
    Field { number: reader.field_number(scan.position), points: &scan.points, numbers, cells }
}

impl Selection {
    fn choose(&self, reader: &TableReader<'_>) -> Result<Vec<ColumnScan>, TableError> {
        let names = reader.names();
        let known: HashSet<&String> = names.iter().collect();
        let asked = self.only.iter().flatten().chain(&self.except);
        if let Some(name) = asked.into_iter().find(|name| !known.contains(name)) {
            return Err(TableError::NoSuchColumn { name: name.clone(), names: names.to_vec() });
        }
        let only: Option<HashSet<&String>> = self.only.as_ref().map(|only| only.iter().collect());
        let except: HashSet<&String> = self.except.iter().collect();
        let nameless: HashSet<usize> = reader.header().nameless.iter().copied().collect();
        let wanted = |name: &String| only.as_ref().is_none_or(|only| only.contains(name)) && !except.contains(name);
        let chosen = names.iter().enumerate().filter(|(_, name)| wanted(name));
        let scan = |(position, name): (usize, &String)| {
            ColumnScan::new(name.clone(), position, self.only.is_none() && nameless.contains(&position))
        };
        let scans: Vec<ColumnScan> = chosen.map(scan).collect();
        if self.only.is_some() {
            reader.header().refuse_duplicates(scans.iter().map(|scan| scan.position), reader.dialect())?;
        }
        Ok(scans)
    }
}

struct Sorted {
    columns: Vec<ColumnProfile>,
    skipped: Vec<Skipped>,
}

fn sort(
    scans: Vec<ColumnScan>,
    reader: &TableReader<'_>,
    selection: &Selection,
    top: &TopRows,
) -> Result<Sorted, TableError> {
    let asked: HashSet<&String> = selection.only.iter().flatten().collect();
    let dialect = reader.dialect();
    let (format, codes) = (dialect.numbers(), dialect.missing.as_slice());
    let mut sorted = Sorted { columns: Vec::new(), skipped: Vec::new() };
    let mut faulty = Vec::new();
    for scan in scans {
        match scan.verdict(format, codes) {
            Verdict::Numbers(profile) => sorted.columns.push(profile),
            // A column asked for by name must not be left out in silence.
            Verdict::Skipped(skipped) if asked.contains(&skipped.column.name) => return Err(skipped.error),
            Verdict::Skipped(skipped) => sorted.skipped.push(skipped),
            Verdict::Nothing => {}
            Verdict::Faulty(error) => faulty.push(error),
        }
    }
    together(faulty, top).map_or(Ok(sorted), Err)
}

/// The first error; if cells are not numbers, with all such columns and cells, so that one remedy is enough.
fn together(errors: Vec<TableError>, top: &TopRows) -> Option<TableError> {
    let mut errors = errors.into_iter();
    let mut first = errors.next()?;
    if let TableError::Notation { odd, .. } = &mut first {
        odd.others.extend(errors.by_ref().filter_map(|error| match error {
            TableError::Notation { column, .. } => Some(column),
            _ => None,
        }));
    }
    if let TableError::Mixed(mixed) = &mut first {
        // A row that holds a number is data, if it is above others.
        mixed.edges.take_if(|edges| edges.above.is_some_and(|(first, last)| !top.holds(first) || !top.holds(last)));
        for error in errors {
            let TableError::Mixed(other) = error else { continue };
            mixed.others.push(other.column);
            mixed.other_form |= other.other_form;
            mixed.edges = mixed.edges.filter(|edges| other.edges == Some(*edges));
            mixed.odd = mixed.odd.take().zip(other.odd).map(|(mut odd, more)| {
                odd.extend(more.into_iter().filter(|cell| !odd.contains(cell)).collect::<Vec<_>>());
                odd
            });
            mixed.odd.take_if(|odd| odd.len() > MOST_CODES);
        }
    }
    Some(first)
}

/// No column is left: why the first one is not.
fn nothing_left(mut skipped: Vec<Skipped>, reader: &TableReader<'_>) -> TableError {
    if reader.names().len() == 1 && reader.shape() == Shape::Regular && skipped.len() == 1 {
        let Skipped { column, error, example: cell } = skipped.remove(0);
        let (name, likely) = (column_names::shortened(&column.name), reader.likely());
        return match (error, column.reason) {
            (TableError::Notation { readings, .. }, _) if likely.is_some() => {
                TableError::OneColumn { name, cell, readings, likely }
            }
            (_, SkipReason::Text { .. }) => TableError::OneColumn { name, cell, readings: Vec::new(), likely },
            (_, SkipReason::Blank) => TableError::NoNumbers,
            (error, _) => error,
        };
    }
    let own = |skipped: &Skipped| matches!(skipped.column.reason, SkipReason::Notation | SkipReason::Range);
    skipped.into_iter().find(own).map_or(TableError::NoNumbers, |skipped| skipped.error)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::super::source::Rereadable;
    use super::*;
    use crate::foundation::observer::NullObserver;
    use crate::table::Cell;

    impl Rereadable for String {
        fn length(&self) -> u64 {
            self.len() as u64
        }

        fn read(&self) -> Box<dyn Read> {
            Box::new(Cursor::new(self.clone()))
        }
    }

    fn source(csv: &str) -> CsvSource {
        CsvSource::spooled("test", Box::new(csv.to_owned()))
    }

    fn learn(csv: &str) -> Schema {
        let source = source(csv);
        Schema::learn(&source, &Dialect::default(), &Selection::default(), &NullObserver::default()).unwrap()
    }

    /// Each cell of a rising column is a new extreme, and extremes know their lines.
    #[test]
    fn the_first_pass_takes_no_longer_for_a_rising_table() {
        const COLUMNS: u64 = 4000;
        let table = |order: &mut dyn Iterator<Item = u64>| {
            let names: Vec<String> = (0..COLUMNS).map(|column| format!("m{column}")).collect();
            let row =
                |row: u64| (0..COLUMNS).map(|column| (row * 7 + column).to_string()).collect::<Vec<_>>().join(",");
            let rows: Vec<String> = order.map(row).collect();
            format!("{}\n{}\n", names.join(","), rows.join("\n"))
        };
        let (rising, level) = (table(&mut (0..100)), table(&mut std::iter::repeat_n(0, 100)));
        let best = |csv: &str| -> Duration {
            let once = |_| {
                let begin = Instant::now();
                assert_eq!(learn(csv).columns.len() as u64, COLUMNS);
                begin.elapsed()
            };
            (0..3).map(once).min().unwrap_or_default()
        };
        let (rising, level) = (best(&rising), best(&level));
        assert!(rising < level * 6, "{rising:?} for extremes in each row, {level:?} without");
    }

    #[test]
    fn the_columns_asked_for_are_found_in_linear_time() {
        let names: Vec<String> = (0..20_000).map(|column| format!("m{column}")).collect();
        let csv = format!("{}\n{}\n", names.join(","), vec!["1"; names.len()].join(","));
        let source = source(&csv);
        let selection = Selection { only: Some(names.clone()), except: vec!["m7".into()] };
        let schema = Schema::learn(&source, &Dialect::default(), &selection, &NullObserver::default()).unwrap();
        assert_eq!(schema.columns.len(), names.len() - 1);
    }

    #[test]
    fn lines_that_are_skipped_can_be_stopped_too() {
        let source = source(&format!("{}a\n1\n", "# remark\n".repeat(100_000)));
        let dialect = Dialect { comment: Some(b'#'), ..Dialect::default() };
        let stopped = NullObserver::default();
        stopped.stop();
        let learned = Schema::learn(&source, &dialect, &Selection::default(), &stopped);
        assert!(matches!(learned, Err(TableError::Cancelled(_))), "{learned:?}");
    }

    fn dialect(options: u8) -> Dialect {
        let on = |bit: u8| options & 1 << bit != 0;
        Dialect {
            decimal_mark: on(0).then_some(b','),
            thousands: on(1).then_some('.'),
            comment: on(2).then_some(b'#'),
            skip_lines: u64::from(on(3)),
            fill_short_rows: on(4),
            quotes: !on(5),
            ..Dialect::default()
        }
    }

    proptest! {
        #[test]
        fn what_the_first_pass_learns_the_second_one_reads(text in "[0-9a,;\t\"#. \n-]{0,60}", options in 0..64_u8) {
            let source = source(&text);
            match Schema::learn(&source, &dialect(options), &Selection::default(), &NullObserver::default()) {
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.remedy().is_empty()),
                Ok(schema) => {
                    let silent = NullObserver::default();
                    let mut reader = TableReader::open(&source, &schema.dialect, &silent).unwrap();
                    let mut rows = 0;
                    while reader.next_row().unwrap() {
                        rows += 1;
                        for column in &schema.columns {
                            prop_assert!(!matches!(reader.cell(column.position), Cell::Text(_)));
                        }
                    }
                    prop_assert_eq!((rows, reader.digest()), (schema.rows, schema.digest));
                    prop_assert_eq!(reader.dialect(), &schema.dialect);
                }
            }
        }
    }
}
