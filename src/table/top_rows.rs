//! The first rows below the header: they may be more lines of the header, or hold the units of the columns.

use super::column::ColumnScan;
use super::dialect::HeaderRow;
use super::error::TableError;
use super::notation::Forms;
use super::reader::{Cell, TableReader};
use super::shape::Shape;

/// The most codes for missing values that a remedy adds.
pub(super) const MOST_CODES: usize = 20;

/// The most lines that a header has below its first.
const MOST_ROWS: u64 = 3;

/// The first rows, as far as they hold text only.
#[derive(Default)]
pub(super) struct TopRows {
    rows: u64,
    line: u64,
    last_line: u64,
    /// How many cells of the first one are not blank.
    given: usize,
    /// Whether one was found that is none of them.
    ended: bool,
}

impl TopRows {
    /// Takes the current row of `reader` into account.
    pub(super) fn take(&mut self, reader: &TableReader<'_>) {
        if self.ended {
            return;
        }
        let given = given(reader);
        if self.rows == MOST_ROWS || given < self.given || !is_text(reader) {
            self.ended = true;
            return;
        }
        if self.rows == 0 {
            (self.line, self.given) = (reader.line(), given);
        }
        self.rows += 1;
        self.last_line = reader.line() + reader.breaks_inside();
    }

    /// Whether the line is one of them.
    pub(super) fn holds(&self, line: u64) -> bool {
        self.rows > 0 && (self.line..=self.last_line).contains(&line)
    }

    /// Rows of text above numbers are the header's other lines, or the units; some of their cells may be blank.
    ///
    /// # Errors
    /// [`TableError::SecondHeader`].
    pub(super) fn refuse_second_header(
        &self,
        scans: &[ColumnScan],
        reader: &TableReader<'_>,
    ) -> Result<(), TableError> {
        let above: Vec<&ColumnScan> =
            scans.iter().filter(|scan| scan.is_numeric() && scan.has_text_in(self.line)).collect();
        // One odd cell in a row with other text may as well mean that the value is missing.
        let alone = self.given == 1 && reader.names().len() > 1;
        let is_header = |scan: &&ColumnScan| (1..=self.rows).contains(&scan.formless());
        if self.rows == 0 || above.len() < 2 && !alone || !above.iter().any(is_header) {
            return Ok(());
        }
        let Some(first) = above.first() else { return Ok(()) };
        Err(TableError::SecondHeader {
            line: self.line,
            last_line: self.last_line,
            column: first.name.clone(),
            cell: first.first_text.clone().unwrap_or_default().1,
            number: first.first_in_any_form(),
            codes: codes(&above, &reader.dialect().missing).into(),
            absent: reader.dialect().header == HeaderRow::Absent,
        })
    }
}

/// How many cells of the row are not blank.
fn given(reader: &TableReader<'_>) -> usize {
    let row_name = usize::from(reader.shape() == Shape::RowNames);
    row_name + (0..reader.names().len()).filter(|column| !reader.field(*column).is_empty()).count()
}

/// Whether no cell is a number, in whatever form. Among texts, 1 is the unit of a ratio.
fn is_text(reader: &TableReader<'_>) -> bool {
    let (mut texts, mut ones) = (0, 0);
    for column in 0..reader.names().len() {
        let cell = reader.field(column);
        if matches!(reader.cell(column), Cell::Number(_)) || !Forms::of(cell).is_empty() {
            // In the first column, it is a number of the row.
            if cell != b"1" || column == 0 {
                return false;
            }
            ones += 1;
        } else {
            texts += usize::from(String::from_utf8_lossy(cell).contains(char::is_alphabetic));
        }
    }
    texts >= ones
}

/// The codes in force and the row's cells, if those are few and short.
fn codes(above: &[&ColumnScan], in_force: &[String]) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for scan in above {
        let Some(odd) = &scan.formless else { return Vec::new() };
        let new: Vec<String> = odd.iter().filter(|cell| !cells.contains(cell)).cloned().collect();
        cells.extend(new);
        if cells.len() > MOST_CODES {
            return Vec::new();
        }
    }
    in_force.iter().cloned().chain(cells).collect()
}
