//! The first pass over a CSV file: which columns contain numbers, how many, and in which range.
//!
//! ```text
//! selection ─ column_scan (value_range, header_footer) ─┬─ classified_columns ─ notices
//!                          second_header, row_names ────┘   classification
//! ```

mod classification;
mod classified_columns;
mod column_scan;
mod header_footer;
mod notices;
mod row_names;
mod second_header;
mod selection;
mod value_range;

use self::classified_columns::{ClassifiedColumns, no_columns};
use self::column_scan::ColumnScan;
use self::notices::notices;
use self::row_names::RowNameScan;
use self::second_header::SecondHeaderScan;
use crate::foundation::observer::Observer;
use crate::table::detection::decimal_separator::{FieldEvidence, reject_ambiguous_point};
use crate::table::dialect::Dialect;
use crate::table::error::TableError;
use crate::table::reader::TableReader;
use crate::table::reader::opened_file;
use crate::table::text::source::{CsvDigest, CsvSource};

pub use self::classification::{ColumnProfile, SkipReason, SkippedColumn};
pub use self::notices::Notice;
pub use self::selection::Selection;

/// What the first pass learned about the table.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The columns to compute on, in the file's order; never empty.
    pub columns: Vec<ColumnProfile>,
    /// The columns that are skipped although the user did not exclude them, in the file's order.
    pub skipped: Vec<SkippedColumn>,
    /// What the user should know about how the file was read and what was skipped.
    pub notices: Vec<Notice>,
    /// The number of rows below the header; at least one.
    pub rows: u64,
    /// The digest of the file.
    pub digest: CsvDigest,
    /// The dialect for the second pass, with all detected parameters.
    pub dialect: Dialect,
}

impl Schema {
    /// Reads all of `source` once.
    ///
    /// # Errors
    /// [`TableError`] if the file cannot be read, is ambiguous or malformed, or contains no numbers to compute on. Most
    /// cases name the line, the column and the cell.
    pub fn learn(
        source: &CsvSource,
        dialect: &Dialect,
        selection: &Selection,
        observer: Observer<'_>,
    ) -> Result<Self, TableError> {
        let learned = Self::scan(source, dialect, selection, observer);
        learned.map_err(|error| opened_file::with_conversion(error, source))
    }

    fn scan(
        source: &CsvSource,
        dialect: &Dialect,
        selection: &Selection,
        observer: Observer<'_>,
    ) -> Result<Self, TableError> {
        let mut reader = TableReader::open(source, dialect, observer)?;
        let mut scans = selection.scans(&reader)?;
        let mut row_names = RowNameScan::default();
        let (mut rows, mut second_header) = (0, SecondHeaderScan::default());
        while reader.next_row()? {
            second_header.add(&reader);
            row_names.add(&reader);
            for scan in &mut scans {
                scan.add(&reader);
            }
            rows += 1;
        }
        if rows == 0 {
            return Err(TableError::NoRows);
        }
        if reader.comma_example().is_none() {
            let fields: Vec<FieldEvidence<'_>> = scans.iter().map(|scan| evidence(scan, &reader)).collect();
            reject_ambiguous_point(&fields, reader.delimiter(), false, dialect)?;
        }
        second_header.reject(&scans, &reader)?;
        row_names.reject_text()?;
        let ClassifiedColumns { numeric: columns, skipped } =
            ClassifiedColumns::new(scans, &reader, selection, &second_header)?;
        reader.header().reject_duplicates(columns.iter().map(|column| column.position), reader.dialect())?;
        if columns.is_empty() {
            return Err(no_columns(skipped, &reader));
        }
        let notices = notices(&reader, &columns, &skipped);
        let skipped = skipped.into_iter().map(|skipped| skipped.column).collect();
        Ok(Self { columns, skipped, notices, rows, digest: reader.digest(), dialect: reader.dialect().clone() })
    }
}

fn evidence<'s>(scan: &'s ColumnScan, reader: &TableReader<'_>) -> FieldEvidence<'s> {
    let (numbers, cells) = scan.numbers_and_cells();
    FieldEvidence { number: reader.field_number(scan.position), points: &scan.points, numbers, cells }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;
    use crate::foundation::observer::CancelFlag;
    use crate::table::Cell;
    use crate::table::text::source::Rereadable;

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
        Schema::learn(&source, &Dialect::default(), &Selection::default(), Observer::null()).unwrap()
    }

    /// Each cell of a rising column is a new extreme, for which the line number is computed.
    #[test]
    fn the_first_pass_is_not_much_slower_for_a_rising_table() {
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
                let start = Instant::now();
                assert_eq!(learn(csv).columns.len() as u64, COLUMNS);
                start.elapsed()
            };
            (0..3).map(once).min().unwrap_or_default()
        };
        let (rising, level) = (best(&rising), best(&level));
        assert!(rising < level * 6, "{rising:?} for extremes in each row, {level:?} without");
    }

    #[test]
    fn selected_columns_are_found_in_linear_time() {
        let names: Vec<String> = (0..20_000).map(|column| format!("m{column}")).collect();
        let csv = format!("{}\n{}\n", names.join(","), vec!["1"; names.len()].join(","));
        let source = source(&csv);
        let selection = Selection { only: Some(names.clone()), except: vec!["m7".into()] };
        let schema = Schema::learn(&source, &Dialect::default(), &selection, Observer::null()).unwrap();
        assert_eq!(schema.columns.len(), names.len() - 1);
    }

    #[test]
    fn skipping_lines_can_be_cancelled() {
        let source = source(&format!("{}a\n1\n", "# remark\n".repeat(100_000)));
        let dialect = Dialect { comment: Some(b'#'), ..Dialect::default() };
        let flag = CancelFlag::default();
        flag.cancel();
        let observer = Observer::null().with_cancel(&flag);
        let learned = Schema::learn(&source, &dialect, &Selection::default(), observer);
        assert!(matches!(learned, Err(TableError::Cancelled(_))), "{learned:?}");
    }

    fn dialect(options: u8) -> Dialect {
        let on = |bit: u8| options & 1 << bit != 0;
        Dialect {
            decimal_separator: on(0).then_some(b','),
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
        fn the_second_pass_reads_what_the_first_one_learned(text in "[0-9a,;\t\"#. \n-]{0,60}", options in 0..64_u8) {
            let source = source(&text);
            match Schema::learn(&source, &dialect(options), &Selection::default(), Observer::null()) {
                Err(error) => prop_assert!(!error.to_string().is_empty()),
                Ok(schema) => {
                    let mut reader = TableReader::open(&source, &schema.dialect, Observer::null()).unwrap();
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
