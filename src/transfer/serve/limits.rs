//! Limits on what clients can use, and fixed timeouts.

use std::time::Duration;

/// How long a passive port stays open without a transfer command, and how long a transfer command waits for the data
/// connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the disk may take for one command about files, or to sync an upload.
pub(super) const DISK_TIMEOUT: Duration = Duration::from_mins(10);

/// Stack size of connection and transfer threads, in bytes.
pub(super) const THREAD_STACK_SIZE: usize = 512 << 10;

/// Limits that the operator can set.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Time from connecting to a successful login.
    pub login: Duration,
    /// Time without a command after login.
    pub idle: Duration,
    /// Time without progress of a transfer or a reply.
    pub transfer: Duration,
    /// Simultaneous control connections.
    pub connections: usize,
    /// Failed logins from one address before further logins from it are refused for a while.
    pub failed_logins: u32,
    /// Bytes that all files and directories below the root may occupy; unlimited if `None`.
    pub disk: Option<u64>,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(30),
            idle: Duration::from_mins(5),
            transfer: Duration::from_mins(1),
            connections: 256,
            failed_logins: 10,
            disk: None,
        }
    }
}
