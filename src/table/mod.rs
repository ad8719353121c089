//! CSV → rows of exact decimals. Two passes: [`schema`] learns the columns, [`reader`] gives the rows again.

mod column;
mod decimal_mark;
mod details;
mod detect;
pub mod dialect;
mod encoding;
pub mod error;
mod first_row;
mod header;
pub mod limits;
mod line_breaks;
mod missing;
pub mod names;
mod notation;
mod number;
mod opened;
mod preview;
mod range;
pub mod reader;
mod reading;
mod remarks;
mod remedy;
mod row_guard;
pub mod sample;
pub mod schema;
mod shape;
mod skipped;
pub mod source;

pub use detect::Likely;
pub use dialect::{Dialect, HeaderRow};
pub use error::TableError;
pub use reader::{Cell, TableReader};
pub use schema::{ColumnProfile, Schema, Selection};
pub use skipped::{SkipReason, SkippedColumn};
pub use source::{CsvDigest, CsvSource, Rereadable};
