//! The columns to compute on: the user's selection, and what the first pass learns of each.

/// Which columns the user wants.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The selected columns; `None` for all that contain numbers.
    pub only: Option<Vec<String>>,
    /// The excluded columns.
    pub except: Vec<String>,
}

/// What the first pass learned of a column of numbers.
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
    /// The largest value minus the smallest, in the same units; below 2^[`super::limits::MAX_RANGE_BITS`].
    pub range: u128,
}
