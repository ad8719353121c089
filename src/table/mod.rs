//! Reads CSV files as rows of exact decimals, in two passes: `schema` determines the columns, `reader` streams the
//! rows.
//!
//! ```text
//! text: source ─ character_encoding ─ line_breaks ─┬─ syntax_check ─ reader ─┬─ first pass: schema
//!        bytes         UTF-8             LF        │    RFC 4180       rows  └─ second pass
//!                                                  └─ detection: delimiter, row layout, decimal separator
//! ```
//!
//! - [`dialect`]: the parameters for reading a file. Those that the user leaves open (delimiter, decimal separator, row
//!   layout) are detected. Where a wrong guess would change the numbers, reading fails with a [`TableError`].
//! - `text`: from the bytes of a file to checked lines of UTF-8.
//! - `detection`: the parameters that the user leaves open, from the first records.
//! - `numbers`: number formats and missing-value codes.
//! - `reader`: the header and the rows.
//! - `schema`: the first pass; classifies each column and collects the [`Notice`]s.
//! - [`error`], `error_details`: why a file cannot be used. `file_format`: what it may be instead of CSV.
//! - [`display`]: how messages show cells and names. [`limits`]: size limits.
//! - [`sample`]: writes a synthetic table; independent of the rest.

mod detection;
pub mod dialect;
pub mod display;
pub mod error;
mod error_details;
mod file_format;
pub mod limits;
mod numbers;
mod reader;
pub mod sample;
mod schema;
mod text;

pub use dialect::{Dialect, HeaderRow};
pub use error::TableError;
pub use error_details::{
    DelimiterHint, ExpectedWidth, HeaderFooter, MixedColumn, NonNumericCells, RaggedCause, RaggedRow,
};
pub use file_format::{FileFormat, LineConversion};
pub use numbers::format_set::{FormatChange, Interpretation};
pub use reader::{Cell, TableReader};
pub use schema::{ColumnProfile, Notice, Schema, Selection, SkipReason, SkippedColumn};
pub use text::source::{CsvDigest, CsvSource, Rereadable};
