//! What the first pass decides about a column: its profile, or why it is skipped.

use serde::{Deserialize, Serialize};

use crate::table::error::TableError;
use crate::table::limits::MAX_RANGE_BITS;

/// What the first pass learned about a column of numbers.
///
/// Every value of the column is `(minimum + y) · 10^exponent` with an integer 0 ≤ y ≤ `range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// The position among the columns, from 0.
    pub position: usize,
    /// The number of rows with a value.
    pub present: u64,
    /// The number of rows without a value.
    pub missing: u64,
    /// The power of ten of the finest digit.
    pub exponent: i32,
    /// The smallest value, in units of 10^`exponent`.
    pub minimum: i128,
    /// The largest value minus the smallest, in the same units; below 2^[`MAX_RANGE_BITS`].
    pub range: u128,
}

/// A column that is skipped although the user did not exclude it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedColumn {
    /// The column's name.
    pub name: String,
    /// Why it is skipped.
    pub reason: SkipReason,
}

/// Why a column is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipReason {
    /// All cells are blank or missing-value codes.
    Blank,
    /// More cells are text than numbers.
    Text {
        /// The number of cells that are text.
        texts: u64,
        /// The number of cells that are numbers.
        numbers: u64,
    },
    /// The numbers are in a different format than the file's.
    Notation,
    /// The numbers are too large, too fine or too far apart to be added exactly.
    Range,
}

impl SkipReason {
    /// A stable identifier for JSON output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Text { .. } => "text",
            Self::Notation => "notation",
            Self::Range => "range",
        }
    }
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blank => write!(f, "all cells are blank"),
            Self::Text { texts, numbers } => write!(f, "{texts} of {} cells are not numbers", texts + numbers),
            Self::Notation => write!(f, "its numbers are in a different format"),
            Self::Range => write!(f, "its numbers do not fit {MAX_RANGE_BITS} bits exactly"),
        }
    }
}

/// The result of the first pass for a column.
pub(super) enum Classification {
    Numbers(ColumnProfile),
    /// The column cannot be computed on, which is an error only if the user selected it.
    Skipped(Skipped),
    /// The column has neither cells nor a name.
    Empty,
    /// The column contains numbers that would be lost.
    Faulty(TableError),
}

/// A skipped column, and what errors and notices need to know about it.
#[derive(Debug)]
pub(super) struct Skipped {
    pub(super) column: SkippedColumn,
    /// The error that it would be if the user had selected the column.
    pub(super) error: TableError,
    /// The first cell that is not a number.
    pub(super) example: Option<String>,
}
