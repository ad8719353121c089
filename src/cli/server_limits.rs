//! Options of `hestat serve` that limit what clients can use.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::transfer::serve::ServerLimits;

/// The limits of the server.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitOptions {
    /// Time after which an idle client is disconnected
    #[arg(long, env = "HESTAT_IDLE_TIMEOUT", value_name = "SECONDS", default_value_t = 300, value_parser = seconds())]
    idle_timeout: u64,
    /// Time after which a stalled transfer is ended
    #[arg(
        long,
        env = "HESTAT_TRANSFER_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = seconds()
    )]
    transfer_timeout: u64,
    /// Time that a client has to log in
    #[arg(long, env = "HESTAT_LOGIN_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = seconds())]
    login_timeout: u64,
    /// Maximum number of connections; at the limit, a new one replaces one that has not logged in
    #[arg(
        long,
        env = "HESTAT_MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 256,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    max_connections: u16,
    /// Number of failed logins after which an address is blocked for a minute
    #[arg(
        long,
        env = "HESTAT_MAX_FAILED_LOGINS",
        value_name = "NUMBER",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    max_failed_logins: u32,
    /// Maximum total size of the files in DIR, totals included; units K, M, G and T are powers of 1000 [default:
    /// unlimited]
    #[arg(long, env = "HESTAT_MAX_DISK", value_name = "BYTES", value_parser = bytes)]
    max_disk: Option<u64>,
}

fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=86_400)
}

impl LimitOptions {
    pub(super) fn limits(&self) -> ServerLimits {
        ServerLimits {
            login: Duration::from_secs(self.login_timeout),
            idle: Duration::from_secs(self.idle_timeout),
            transfer: Duration::from_secs(self.transfer_timeout),
            connections: self.max_connections.into(),
            failed_logins: self.max_failed_logins,
            disk: self.max_disk,
        }
    }
}

/// Parses a range of ports.
pub(super) fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let invalid = || "expected two ports and a hyphen, such as 50000-50099".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(invalid)?;
    let (from, to): (u16, u16) = (from.parse().map_err(|_| invalid())?, to.parse().map_err(|_| invalid())?);
    if from == 0 || from > to { Err(invalid()) } else { Ok(from..=to) }
}

/// Parses a number of bytes with an optional unit.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T']);
    let unit: u64 = match text.get(digits.len()..) {
        Some("") => 1,
        Some("K") => 1_000,
        Some("M") => 1_000_000,
        Some("G") => 1_000_000_000,
        Some("T") => 1_000_000_000_000,
        _ => 0,
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|_| unit > 0);
    bytes.ok_or_else(|| "expected a number of bytes, optionally with the unit K, M, G or T".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_bytes_are_parsed() {
        assert_eq!(ports("50000-50099"), Ok(50000..=50099));
        assert!(["", "1", "0-5", "9-5", "1-70000", "a-b"].iter().all(|text| ports(text).is_err()));
        assert_eq!((bytes("17"), bytes("3K"), bytes("2T")), (Ok(17), Ok(3_000), Ok(2_000_000_000_000)));
        assert!(["", "K", "1KK", "-1", "1.5G", "99999999999T"].iter().all(|text| bytes(text).is_err()));
    }
}
