//! Output formats for computed statistics: CSV, JSON, and tables for the terminal.

pub mod csv;
pub mod json;
pub mod table;
