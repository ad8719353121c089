//! The exit codes, as `hestat --help` lists them.

/// The statistics are not those of the clear data.
pub(in crate::cli) const DIFFERENT: u8 = 1;
/// The arguments do not go together; clap's own code for it.
pub(in crate::cli) const USAGE: u8 = 2;
pub(in crate::cli) const TABLE: u8 = 3;
pub(in crate::cli) const NOT_READY: u8 = 4;
pub(in crate::cli) const JOB: u8 = 5;
pub(in crate::cli) const SERVER: u8 = 6;
pub(in crate::cli) const REFUSED: u8 = 7;
pub(in crate::cli) const LOCAL: u8 = 8;
pub(in crate::cli) const DAMAGED: u8 = 9;
pub(in crate::cli) const FAILED: u8 = 10;
pub(in crate::cli) const NO_SERVER: u8 = 11;
pub(in crate::cli) const TIMEOUT: u8 = 12;
pub(in crate::cli) const WRONG_PASSWORD: u8 = 13;
pub(in crate::cli) const UNKNOWN_CERTIFICATE: u8 = 14;
pub(in crate::cli) const CHANGED_CERTIFICATE: u8 = 15;
pub(in crate::cli) const NO_TLS: u8 = 16;
pub(in crate::cli) const DENIED: u8 = 17;
pub(in crate::cli) const SERVER_FULL: u8 = 18;
pub(in crate::cli) const QUOTA: u8 = 19;
pub(in crate::cli) const PROTOCOL: u8 = 20;
pub(in crate::cli) const PORT_TAKEN: u8 = 21;
pub(in crate::cli) const NO_NODE: u8 = 22;
pub(in crate::cli) const NOT_PRIVATE: u8 = 23;
pub(in crate::cli) const CANCELLED: u8 = 130;
