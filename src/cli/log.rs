//! The log of a server: lines on stderr, as text or as JSON.

use std::io;

use tracing::Level;
use tracing_subscriber::fmt;

/// From now on, what happens is written to stderr.
pub(super) fn begin(json: bool, quiet: bool) {
    let level = if quiet { Level::WARN } else { Level::INFO };
    let log = fmt().with_writer(io::stderr).with_max_level(level).with_target(false).with_ansi(false);
    // Who stops reading the log does not stop the server.
    let log = log.log_internal_errors(false);
    if json { log.json().flatten_event(true).init() } else { log.init() }
}
