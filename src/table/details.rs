//! What errors about rows and columns carry.

use super::column_names::{listed, some};
use super::edges::Edges;

/// A row with more or fewer fields than the header.
#[derive(Debug)]
pub struct Ragged {
    /// From 1.
    pub line: u64,
    /// Its last line, if cells hold line breaks.
    pub last_line: u64,
    /// Fields of a whole row.
    pub expected: usize,
    /// Fields of this row.
    pub found: usize,
    /// The first cell of the row.
    pub cell: String,
    /// What separates fields.
    pub delimiter: char,
    /// Whether the row is one quoted cell with delimiters in it.
    pub quoted_line: bool,
    /// Whether the first cell is text.
    pub is_text: bool,
    /// How the row is one number, where the header has one name, and the options for it.
    pub readings: Vec<(String, String)>,
    /// The mark of comments that the row begins with, unless the header does.
    pub comment: Option<char>,
    /// Whether a blank follows a delimiter in the header, as in `Hb, g/dl`.
    pub spaced_header: bool,
}

/// A column with cells among its numbers that are none.
#[derive(Debug)]
pub struct Mixed {
    /// Line of the first such cell, from 1.
    pub line: u64,
    /// The column's name in the header.
    pub column: String,
    /// The first such cell.
    pub cell: String,
    /// How many there are.
    pub texts: u64,
    /// Line of the first number, from 1.
    pub number_line: u64,
    /// That number, as it is written.
    pub number: String,
    /// How many numbers there are.
    pub numbers: u64,
    /// The different cells that are no numbers, whole and as written; `None`: too many, or too long.
    pub odd: Option<Vec<String>>,
    /// Whether one of them is a number in another form.
    pub other_form: bool,
    /// Where such cells are, if none is between numbers.
    pub edges: Option<Edges>,
    /// The codes for missing values that were in force.
    pub codes: Vec<String>,
    /// Other columns of which the same is true.
    pub others: Vec<String>,
}

impl Mixed {
    /// How many cells are not numbers, and where else there are such.
    pub(super) fn more(&self) -> String {
        let cells = self.texts + self.numbers;
        let counts =
            if self.texts == 1 { String::new() } else { format!(" ({} of {cells} cells are not numbers)", self.texts) };
        if self.others.is_empty() { counts } else { format!("{counts}; the same is true of {}", some(&self.others)) }
    }
}

/// Cells that are not numbers, in a column of numbers that are written in another form.
#[derive(Debug, PartialEq, Eq)]
pub struct OddCells {
    /// How many there are.
    pub count: u64,
    /// The different ones, whole and as written; `None`: too many, or too long.
    pub cells: Option<Vec<String>>,
    /// The codes for missing values that were in force.
    pub codes: Vec<String>,
    /// Other columns whose numbers are written in another form, too.
    pub others: Vec<String>,
}

impl OddCells {
    /// What an error adds about them.
    pub(super) fn also(&self) -> String {
        let cells = match (&self.cells, self.count) {
            (_, 0) => String::new(),
            (Some(cells), 1) => format!("; 1 cell is not a number: {}", listed(cells)),
            (Some(cells), count) => format!("; {count} cells are not numbers: {}", listed(cells)),
            (None, count) => format!("; {count} cells are not numbers"),
        };
        match self.others.as_slice() {
            [] => cells,
            others => format!("{cells}; the same is true of {}", some(others)),
        }
    }
}
