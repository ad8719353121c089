//! Reads CSV files as rows of exact decimals, in two passes: [`schema`] learns the columns, [`reader`] streams the
//! rows.
//!
//! ```text
//! source ─ encoding ─ line_breaks ─┬─ syntax_check ─ reader ─┬─ first pass: schema ─ column_scan, … ─ Schema
//!  bytes     UTF-8        LF       │    RFC 4180      rows   └─ second pass
//!                                  └─ preview ─ detect ─ delimiter_candidate, row_layout, decimal_separator, …
//!                                               dialect
//! ```
//!
//! Dialect parameters that the user leaves open (delimiter, decimal separator, row layout) are detected from the
//! preview. Where a wrong guess would change the numbers, reading fails with a [`TableError`].

mod ambiguous_comma;
mod classified_columns;
mod column_scan;
mod columns;
mod comma_in_name;
mod decimal_separator;
mod delimiter_candidate;
mod delimiter_hint;
mod detect;
pub mod dialect;
pub mod display;
mod encoding;
pub mod error;
mod error_details;
mod file_format;
mod format_set;
mod header;
mod header_footer;
mod input;
pub mod limits;
mod line_breaks;
mod missing;
mod notices;
mod number_format;
mod preview;
mod ragged;
mod range;
pub mod reader;
mod row_layout;
mod row_names;
pub mod sample;
pub mod schema;
mod second_header;
mod skipped;
pub mod source;
mod syntax_check;

pub use columns::{ColumnProfile, Selection};
pub use dialect::{Dialect, HeaderRow};
pub use error::TableError;
pub use error_details::{DelimiterHint, ExpectedWidth, MixedColumn, NonNumericCells, RaggedCause, RaggedRow};
pub use file_format::{FileFormat, LineConversion};
pub use format_set::{FormatChange, Interpretation};
pub use header_footer::HeaderFooter;
pub use notices::Notice;
pub use reader::{Cell, TableReader};
pub use schema::Schema;
pub use skipped::{SkipReason, SkippedColumn};
pub use source::{CsvDigest, CsvSource, Rereadable};
