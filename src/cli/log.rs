//! The server's log on stderr, as text or as JSON.

use std::io;

use tracing::Level;
use tracing_subscriber::fmt;

/// Starts logging; `quiet` logs only warnings and errors.
pub(super) fn begin(json: bool, quiet: bool) {
    let level = if quiet { Level::WARN } else { Level::INFO };
    let log = fmt().with_writer(io::stderr).with_max_level(level).with_target(false).with_ansi(false);
    // The server continues if stderr is closed.
    let log = log.log_internal_errors(false);
    if json { log.json().flatten_event(true).init() } else { log.init() }
}
