//! hestat: statistics on encrypted columns, and other work for machines that are not trusted.

#[cfg(target_endian = "big")]
compile_error!("files hold little-endian words, which are read and written in place");

pub mod cli;
pub mod crypto;
pub mod encoding;
pub mod foundation;
pub mod he;
pub mod keystore;
pub mod package;
pub mod pipeline;
pub mod report;
pub mod statistics;
pub mod table;
pub mod transfer;
