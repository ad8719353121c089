//! How large a table's parts may be.

/// The widest range of a column, in bits, when its values are written as integers of its finest digit.
pub const MAX_RANGE_BITS: u32 = 120;

/// The longest row, in bytes: room for a hundred thousand columns of forty digits.
pub const MAX_ROW_BYTES: usize = 4 << 20;
