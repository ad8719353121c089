//! Finished statistics as people and programs read them: CSV, table, JSON. Nothing is computed here.

pub mod csv;
pub mod json;
pub mod table;
