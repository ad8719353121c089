//! The sums over rows from which statistics are computed.

use serde::{Deserialize, Serialize};

use crate::foundation::big_decimal::BigDecimal;

/// The contribution of each row to a sum over a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Term {
    /// 1 if the row has a value, otherwise 0.
    Presence,
    /// The value x, or 0 if it is missing.
    Value,
    /// x², or 0 if the value is missing.
    Square,
}

/// The exact sums of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// The number of rows of the table.
    pub rows: u64,
    /// The number of rows with a value: Σ 1.
    pub present: u64,
    /// Σ x.
    pub value: BigDecimal,
    /// Σ x²; `None` if no selected statistic needs it.
    pub square: Option<BigDecimal>,
}
