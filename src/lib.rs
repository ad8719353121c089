//! hestat: statistics on encrypted columns, and other work for machines that are not trusted.

pub mod encoding;
pub mod foundation;
pub mod he;
pub mod statistics;
pub mod table;
