//! The exit codes, as `hestat --help` lists them.

/// The statistics differ from those of the clear data.
pub(in crate::cli) const DIFFERENT: u8 = 1;
/// Invalid usage. clap uses the same code.
pub(in crate::cli) const USAGE: u8 = 2;
/// The CSV file cannot be used.
pub(in crate::cli) const TABLE: u8 = 3;
/// The result is not ready.
pub(in crate::cli) const NOT_READY: u8 = 4;
/// There is no such job, or a key cannot be used.
pub(in crate::cli) const JOB: u8 = 5;
/// Any other error of a server or peer.
pub(in crate::cli) const SERVER: u8 = 6;
/// The server's totals failed the check.
pub(in crate::cli) const REFUSED: u8 = 7;
/// An error of a file, disk or directory on this machine.
pub(in crate::cli) const LOCAL: u8 = 8;
/// A `.hes` file is damaged or unknown.
pub(in crate::cli) const DAMAGED: u8 = 9;
/// A job failed on the server.
pub(in crate::cli) const FAILED: u8 = 10;
/// Cannot connect to the server or peer.
pub(in crate::cli) const NO_SERVER: u8 = 11;
/// The server or peer timed out.
pub(in crate::cli) const TIMEOUT: u8 = 12;
/// The server rejected the password.
pub(in crate::cli) const WRONG_PASSWORD: u8 = 13;
/// The server's certificate or the peer's key is unknown.
pub(in crate::cli) const UNKNOWN_CERTIFICATE: u8 = 14;
/// The server's certificate or the peer's key has changed.
pub(in crate::cli) const CHANGED_CERTIFICATE: u8 = 15;
/// The server does not support TLS.
pub(in crate::cli) const NO_TLS: u8 = 16;
/// The server or peer denied access.
pub(in crate::cli) const DENIED: u8 = 17;
/// The server's disk is full.
pub(in crate::cli) const SERVER_FULL: u8 = 18;
/// The server's storage quota is exceeded.
pub(in crate::cli) const QUOTA: u8 = 19;
/// The server or peer violated the protocol.
pub(in crate::cli) const PROTOCOL: u8 = 20;
/// The port to listen on is in use.
pub(in crate::cli) const PORT_TAKEN: u8 = 21;
/// No node was available in time for a part of the message.
pub(in crate::cli) const NO_NODE: u8 = 22;
/// Other users can change a file with keys or trust decisions.
pub(in crate::cli) const NOT_PRIVATE: u8 = 23;
/// A signal asked the command to stop (128 + SIGINT, as shells report it).
pub(in crate::cli) const CANCELLED: u8 = 130;
