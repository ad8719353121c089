//! Cells of text above and below all numbers of a column: a header, units, totals, remarks.

/// The most cells above that may belong to a header.
const MOST_ABOVE: u64 = 3;

/// Where those cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edges {
    /// The first and the last line above, if there is one.
    pub above: Option<(u64, u64)>,
    /// The first line below.
    pub below: Option<u64>,
}

impl Edges {
    /// Whether it is a single line.
    pub(super) fn is_one_line(&self) -> bool {
        self.below.is_none() && self.above.is_some_and(|(first, last)| first == last)
    }
}

/// The same while a column is read.
#[derive(Debug, Default)]
pub(super) struct EdgeScan {
    above: Option<Run>,
    /// Since the last number.
    below: Option<Run>,
    has_numbers: bool,
    /// Whether a value is missing among those cells: then whole rows are not to blame.
    has_gap: bool,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    cells: u64,
    first: u64,
    last: u64,
}

impl EdgeScan {
    /// The next cell is a number.
    pub(super) fn number(&mut self) {
        self.has_numbers = true;
        self.below = None;
    }

    /// The next cell is missing.
    pub(super) fn missing(&mut self) {
        self.has_gap |= self.below.is_some() || !self.has_numbers && self.above.is_some();
    }

    /// The next cell is text, in a row of these lines.
    pub(super) fn text(&mut self, first: u64, last: u64) {
        let run = if self.has_numbers { &mut self.below } else { &mut self.above };
        let before = run.unwrap_or(Run { cells: 0, first, last });
        *run = Some(Run { cells: before.cells + 1, last, ..before });
    }

    /// Where they are, if they are all of the column's cells of text, of which there are so many.
    pub(super) fn edges(&self, texts: u64) -> Option<Edges> {
        let cells = |run: Option<Run>| run.map_or(0, |run| run.cells);
        let (above, below) = (cells(self.above), cells(self.below));
        (above <= MOST_ABOVE && above + below == texts && !self.has_gap).then(|| Edges {
            above: self.above.map(|run| (run.first, run.last)),
            below: self.below.map(|run| run.first),
        })
    }
}
