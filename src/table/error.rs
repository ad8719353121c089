//! What can be wrong with a table: facts, each with its place.

use super::names::argument;
use crate::foundation::decimal::{Decimal, MAX_DIGITS, NotDecimal};

/// Longest piece of a cell that an error shows, in characters.
const SHOWN: usize = 40;

/// Why a CSV file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// UTF-16 or UTF-32 instead of UTF-8.
    #[error("the file is not UTF-8 text (it contains zero bytes or a UTF-16 mark)")]
    WideEncoding,
    /// Bytes that are no UTF-8.
    #[error("line {line}, field {field}: not UTF-8 text")]
    Encoding {
        /// From 1.
        line: u64,
        /// From 1.
        field: usize,
    },
    /// No line with any text.
    #[error("the file is empty: no header and no rows")]
    Empty,
    /// A header and nothing else.
    #[error("the file has a header but no rows")]
    NoRows,
    /// The first row holds numbers and blanks only.
    #[error("line {line}: no header: the first row holds numbers and no names (first cell {cell:?})")]
    NoHeader {
        /// From 1.
        line: u64,
        /// The first cell.
        cell: String,
    },
    /// Two columns of one name.
    #[error("line {line}: the column name {name:?} stands in field {first} and again in field {second}")]
    DuplicateName {
        /// From 1.
        line: u64,
        /// The name.
        name: String,
        /// From 1.
        first: usize,
        /// From 1.
        second: usize,
    },
    /// A row with more or fewer fields than the header.
    #[error("line {line}: {found} fields instead of {expected} (first cell {cell:?})")]
    Ragged {
        /// From 1.
        line: u64,
        /// Fields of the header.
        expected: usize,
        /// Fields of this row.
        found: usize,
        /// The first cell of the row.
        cell: String,
    },
    /// A record longer than [`super::limits::MAX_ROW_BYTES`].
    #[error("line {line}: a row of more than {limit} bytes (is a quotation mark left open?)")]
    LongRow {
        /// Where it begins, from 1.
        line: u64,
        /// In bytes.
        limit: usize,
    },
    /// A quotation mark that is never closed: the rest of the file would be one cell.
    #[error("line {line}: a quotation mark that begins in this row is never closed")]
    OpenQuote {
        /// Where the row begins, from 1.
        line: u64,
    },
    /// Numbers and other text in one column.
    #[error("line {line}, column {column:?}: {cell:?} is not a number, but line {number_line} has {number:?} there")]
    Mixed {
        /// Line of the text, from 1.
        line: u64,
        /// Name.
        column: String,
        /// The text.
        cell: String,
        /// Line of a number, from 1.
        number_line: u64,
        /// That number.
        number: String,
    },
    /// A number beyond what is read exactly.
    #[error("line {line}, column {column:?}: {cell:?} {reason}")]
    Number {
        /// From 1.
        line: u64,
        /// Name.
        column: String,
        /// The cell.
        cell: String,
        /// Why.
        reason: NotDecimal,
    },
    /// A column whose values lie too far apart to be added exactly.
    #[error(
        "line {line}, column {column:?}: {cell} is too far from the column's finest digit ({fine} in line {fine_line}): \
         the column would need more than {bits} bits",
        bits = super::limits::MAX_RANGE_BITS
    )]
    TooWide {
        /// Of the extreme cell, from 1.
        line: u64,
        /// Name.
        column: String,
        /// The extreme cell.
        cell: String,
        /// Line of the cell with the finest digit, from 1.
        fine_line: u64,
        /// That cell.
        fine: String,
    },
    /// A name asked for that is not in the header.
    #[error("there is no column {name:?}; the columns are {}", names.join(", "))]
    NoSuchColumn {
        /// The name asked for.
        name: String,
        /// The names there are.
        names: Vec<String>,
    },
    /// A column asked for that holds no number.
    #[error("column {name:?} was asked for, but none of its cells is a number")]
    NotNumeric {
        /// Name.
        name: String,
    },
    /// No column to compute on.
    #[error("no column holds numbers")]
    NoNumbers,
    /// The file was not the same in the second pass.
    #[error("the file changed while it was read{}", at_line(*line))]
    Changed {
        /// Where it was noticed, from 1.
        line: Option<u64>,
    },
    /// Work was stopped.
    #[error(transparent)]
    Stopped(#[from] crate::foundation::observer::Stopped),
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(" (noticed at line {line})")).unwrap_or_default()
}

impl TableError {
    /// What the user can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Read { .. } => "Check the path and its permissions.".into(),
            Self::WideEncoding | Self::Encoding { .. } => {
                "Save the file as UTF-8, for example with: iconv -f LATIN1 -t UTF-8 old.csv > new.csv".into()
            }
            Self::Empty | Self::NoRows => "Give a CSV file with a header line and at least one row.".into(),
            Self::NoHeader { .. } => {
                "Add a line with the columns' names, or say --header absent (or present, if these numbers are names)."
                    .into()
            }
            Self::DuplicateName { .. } => "Rename one of the two columns.".into(),
            Self::Ragged { .. } => "Mend the row; if the delimiter was guessed wrong, give it with --delimiter.".into(),
            Self::LongRow { .. } | Self::OpenQuote { .. } => "Close the quotation mark that begins in this row.".into(),
            Self::Mixed { cell, column, .. } => mixed_remedy(cell, column),
            Self::Number { reason: NotDecimal::Digits, column, .. } => {
                format!(
                    "Round it: at most {MAX_DIGITS} significant digits are read exactly; or leave the column out with \
                     --exclude {}.",
                    argument(column)
                )
            }
            Self::Number { column, .. } | Self::TooWide { column, .. } => {
                format!("Correct the cell, or leave the column out with --exclude {}.", argument(column))
            }
            Self::NoSuchColumn { .. } => "Correct the name; names are compared letter by letter.".into(),
            Self::NotNumeric { .. } | Self::NoNumbers => {
                "Choose numeric columns; if the numbers use a decimal comma, say --decimal-comma.".into()
            }
            Self::Changed { .. } => "Run the command again when nothing writes to the file.".into(),
            Self::Stopped(_) => "Run the command again.".into(),
        }
    }
}

fn mixed_remedy(cell: &str, column: &str) -> String {
    if has_decimal_comma(cell) {
        return "If the numbers use a decimal comma, say --decimal-comma; else correct the cell.".into();
    }
    format!(
        "Correct the cell; if it means that the value is missing, say --missing {}; or leave the column out with --exclude {}.",
        argument(cell),
        argument(column)
    )
}

/// Whether `cell` would be a number if commas stood before fractions.
pub fn has_decimal_comma(cell: &str) -> bool {
    cell.contains(',') && Decimal::parse(cell.as_bytes(), b',').is_ok()
}

/// A cell as an error shows it: at most [`SHOWN`] characters.
pub(super) fn shown(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
