//! CSV → rows of exact decimals. Two passes: [`schema`] learns the columns, [`reader`] gives the rows again.

pub mod dialect;
pub mod error;
pub mod limits;
mod line_breaks;
pub mod names;
pub mod reader;
pub mod sample;
pub mod schema;
pub mod source;

pub use dialect::{Dialect, HeaderRow};
pub use error::TableError;
pub use reader::{Cell, TableReader};
pub use schema::{ColumnProfile, LeftOut, Schema, Selection};
pub use source::{CsvDigest, CsvSource, Rereadable};
