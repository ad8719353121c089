//! The sums that each statistic needs, and how it is computed from them. No cryptography.

pub mod comparison;
pub mod reference;
pub mod statistic;
pub mod summary;
pub mod sums;
pub mod value;

pub use comparison::{Comparison, Difference};
pub use statistic::{ALL, Statistic, by_name};
pub use summary::{ColumnSummary, Summary};
pub use sums::{Sums, Term};
pub use value::Value;
