//! The sums over rows that statistics are made of.

use serde::{Deserialize, Serialize};

use crate::foundation::big_decimal::BigDecimal;

/// What each row contributes to a sum over a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Term {
    /// 1 if the row has a value, else 0.
    Presence,
    /// The value x, or 0.
    Value,
    /// x², or 0.
    Square,
}

/// The exact sums of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Rows of the table.
    pub rows: u64,
    /// Rows with a value: Σ 1.
    pub present: u64,
    /// Σ x.
    pub value: BigDecimal,
    /// Σ x²; `None` if no statistic asked for it.
    pub square: Option<BigDecimal>,
}
