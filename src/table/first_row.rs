//! The first row below the header: it may be the header's second line, or hold the units of the columns.

use super::column::ColumnScan;
use super::dialect::HeaderRow;
use super::error::TableError;
use super::notation::Forms;
use super::reader::{Cell, TableReader};
use super::shape::Shape;

/// The most codes for missing values that a remedy adds.
pub(super) const MOST_CODES: usize = 20;

/// What the first row holds, in all of its columns.
pub(super) struct FirstRow {
    line: u64,
    last_line: u64,
    /// How many cells are not blank.
    given: usize,
    /// Whether a cell is a number, in whatever form.
    numbers: bool,
}

impl FirstRow {
    /// The current row of `reader`.
    pub(super) fn of(reader: &TableReader<'_>) -> Self {
        let columns = 0..reader.names().len();
        let number = |column: usize| {
            matches!(reader.cell(column), Cell::Number(_)) || !Forms::of(reader.field(column)).is_empty()
        };
        let row_name = usize::from(reader.shape() == Shape::RowNames);
        Self {
            line: reader.line(),
            last_line: reader.line() + reader.breaks_inside(),
            given: row_name + columns.clone().filter(|column| !reader.field(*column).is_empty()).count(),
            numbers: columns.into_iter().any(number),
        }
    }

    /// A row of text above numbers is the header's second line, or the units; some of its cells may be blank.
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
        if self.numbers || above.len() < 2 && !alone || !above.iter().all(|scan| scan.formless() == 1) {
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
