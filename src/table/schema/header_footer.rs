//! Text cells above the first number and below the last number of a column: a second header line, units, totals,
//! remarks.

use crate::table::error_details::HeaderFooter;

/// The most cells above the numbers that may belong to a header.
const MAX_HEADER: u64 = 3;

/// Finds the text cells above and below the numbers while a column is read.
#[derive(Debug, Default)]
pub(super) struct HeaderFooterScan {
    header: Option<Run>,
    /// The text cells since the last number.
    footer: Option<Run>,
    has_numbers: bool,
    /// Whether a value is missing among these cells: then they are not lines of a header or footer.
    has_gap: bool,
}

/// Consecutive text cells.
#[derive(Debug, Clone, Copy)]
struct Run {
    cells: u64,
    first_line: u64,
    last_line: u64,
}

impl HeaderFooterScan {
    /// Adds a cell that is a number.
    pub(super) fn number(&mut self) {
        self.has_numbers = true;
        self.footer = None;
    }

    /// Adds a missing cell.
    pub(super) fn missing(&mut self) {
        self.has_gap |= self.footer.is_some() || !self.has_numbers && self.header.is_some();
    }

    /// Adds a text cell in a row that extends over these lines.
    pub(super) fn text(&mut self, first_line: u64, last_line: u64) {
        let run = if self.has_numbers { &mut self.footer } else { &mut self.header };
        let before = run.unwrap_or(Run { cells: 0, first_line, last_line });
        *run = Some(Run { cells: before.cells + 1, last_line, ..before });
    }

    /// Returns the lines, if all of the column's `texts` text cells are above or below the numbers.
    pub(super) fn finish(&self, texts: u64) -> Option<HeaderFooter> {
        let cells = |run: Option<Run>| run.map_or(0, |run| run.cells);
        let (header, footer) = (cells(self.header), cells(self.footer));
        (header <= MAX_HEADER && header + footer == texts && !self.has_gap).then(|| HeaderFooter {
            header: self.header.map(|run| (run.first_line, run.last_line)),
            footer: self.footer.map(|run| run.first_line),
        })
    }
}
