//! Finds rows of text below the header: more header lines, or the units of the columns.

use super::column_scan::ColumnScan;
use crate::table::detection::row_layout::RowLayout;
use crate::table::dialect::HeaderRow;
use crate::table::error::TableError;
use crate::table::numbers::format_set::FormatSet;
use crate::table::reader::{Cell, TableReader};

/// The most cells that an error lists as possible missing-value codes.
pub(super) const MAX_CODES: usize = 20;

/// The most rows of text that are taken for more header lines.
const MAX_ROWS: u64 = 3;

/// The rows of text above all other rows.
#[derive(Default)]
pub(super) struct SecondHeaderScan {
    rows: u64,
    line: u64,
    last_line: u64,
    /// The number of cells in the first of them that are not blank.
    filled: usize,
    /// Whether a row of another kind has been read.
    ended: bool,
}

impl SecondHeaderScan {
    /// Adds the current row of `reader`.
    pub(super) fn add(&mut self, reader: &TableReader<'_>) {
        if self.ended {
            return;
        }
        let filled = filled(reader);
        if self.rows == MAX_ROWS || filled < self.filled || !is_text(reader) {
            self.ended = true;
            return;
        }
        if self.rows == 0 {
            (self.line, self.filled) = (reader.line(), filled);
        }
        self.rows += 1;
        self.last_line = reader.line() + reader.breaks_inside();
    }

    /// Whether `line` is in one of these rows.
    pub(super) fn contains(&self, line: u64) -> bool {
        self.rows > 0 && (self.line..=self.last_line).contains(&line)
    }

    /// Rejects rows of text above numbers.
    ///
    /// # Errors
    /// [`TableError::SecondHeader`] if there are such rows; some of their cells may be blank.
    pub(super) fn reject(&self, scans: &[ColumnScan], reader: &TableReader<'_>) -> Result<(), TableError> {
        let above: Vec<&ColumnScan> =
            scans.iter().filter(|scan| scan.is_numeric() && scan.has_first_text_in(self.line)).collect();
        // A single text cell in a row with other text may as well mean that the value is missing.
        let alone = self.filled == 1 && reader.names().len() > 1;
        let is_header = |scan: &&ColumnScan| (1..=self.rows).contains(&scan.count_non_numeric());
        if self.rows == 0 || above.len() < 2 && !alone || !above.iter().any(is_header) {
            return Ok(());
        }
        let cells = |scan: &&ColumnScan| Some((scan.first_text.clone()?.1, scan.first_in_any_format()?.to_owned()));
        let Some((first, (cell, number))) = above.first().and_then(|first| Some((first, cells(first)?))) else {
            return Ok(());
        };
        Err(TableError::SecondHeader {
            line: self.line,
            last_line: self.last_line,
            column: first.name.clone(),
            cell,
            number,
            codes: codes(&above, &reader.dialect().missing).into(),
            header_absent: reader.dialect().header == HeaderRow::Absent,
        })
    }
}

/// The number of cells in the current row that are not blank.
fn filled(reader: &TableReader<'_>) -> usize {
    let row_name = usize::from(reader.layout() == RowLayout::RowNames);
    row_name + (0..reader.names().len()).filter(|column| !reader.field(*column).is_empty()).count()
}

/// Whether no cell of the current row is a number in any format, except 1 among text: the unit of a ratio.
fn is_text(reader: &TableReader<'_>) -> bool {
    let (mut texts, mut ones) = (0, 0);
    for column in 0..reader.names().len() {
        let cell = reader.field(column);
        if matches!(reader.cell(column), Cell::Number(_)) || !FormatSet::of(cell).is_empty() {
            // In the first column, 1 is a row number.
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

/// The codes in effect and the cells of the rows, if those are few and short.
fn codes(above: &[&ColumnScan], in_effect: &[String]) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for scan in above {
        let Some(texts) = &scan.non_numeric else { return Vec::new() };
        let new: Vec<String> = texts.iter().filter(|cell| !cells.contains(cell)).cloned().collect();
        cells.extend(new);
        if cells.len() > MAX_CODES {
            return Vec::new();
        }
    }
    in_effect.iter().cloned().chain(cells).collect()
}
