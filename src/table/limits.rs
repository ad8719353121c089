//! Size limits of a table.

/// The largest range of a column, in bits, when its values are written as integers in units of its finest digit.
pub const MAX_RANGE_BITS: u32 = 120;

/// The length of the longest row, in bytes: 100,000 columns of 40 digits.
pub const MAX_ROW_BYTES: usize = 4 << 20;
