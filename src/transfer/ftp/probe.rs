//! Queries of optional information: version and free space of `hestat serve` (SITE HESTAT), and modification times
//! (MDTM).

use chrono::{DateTime, NaiveDateTime, Utc};

use super::super::error::TransferError;
use super::client::FtpClient;

/// The reply of `hestat serve` to SITE HESTAT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// Name and version, such as `hestat 1.2.3`.
    pub version: String,
    /// Free space in bytes, within the quota.
    pub free_bytes: Option<u64>,
}

impl FtpClient<'_> {
    /// Queries the version and free space of the server. Returns `None` if the server is not a `hestat serve`.
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be queried.
    pub fn server_info(&self) -> Result<Option<ServerInfo>, TransferError> {
        let reply = self.with_session(|session, _| session.query("SITE HESTAT"))?;
        Ok(reply.as_deref().and_then(parse_server_info))
    }

    /// Returns when the file `name` was last modified, by the server's clock, or `None` if the server does not support
    /// MDTM (RFC 3659, section 3).
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be queried.
    pub fn modified(&self, name: &str) -> Result<Option<DateTime<Utc>>, TransferError> {
        let command = format!("MDTM {}", self.path(name));
        let reply = self.with_session(|session, _| session.query(&command))?;
        Ok(reply.as_deref().and_then(parse_modified))
    }
}

/// Parses `200 hestat 1.2.3 free=1000`.
fn parse_server_info(reply: &str) -> Option<ServerInfo> {
    let text = reply.strip_prefix("200 ").filter(|text| text.starts_with("hestat "))?;
    let (version, free) = text.split_once(" free=").map_or((text, None), |(version, free)| (version, Some(free)));
    Some(ServerInfo { version: version.into(), free_bytes: free.and_then(|bytes| bytes.parse().ok()) })
}

/// Parses `213 20231114221320` and `213 20231114221320.250`.
fn parse_modified(reply: &str) -> Option<DateTime<Utc>> {
    let digits = reply.strip_prefix("213 ")?.get(..14)?;
    NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok().map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modification_times_are_parsed() {
        let seconds = |reply: &str| parse_modified(reply).map(|time| time.timestamp());
        assert_eq!(seconds("213 20231114221320"), Some(1_700_000_000));
        assert_eq!(seconds("213 20231114221420.250"), Some(1_700_000_060));
        assert!(["", "213 ", "213 2023", "550 no", "213 99999999999999"].iter().all(|reply| seconds(reply).is_none()));
    }

    #[test]
    fn the_info_of_hestat_serve_is_parsed() {
        let info = |version: &str, free_bytes| Some(ServerInfo { version: version.into(), free_bytes });
        assert_eq!(parse_server_info("200 hestat 1.2.3 free=1000"), info("hestat 1.2.3", Some(1000)));
        assert_eq!(parse_server_info("200 hestat 1.2.3"), info("hestat 1.2.3", None));
        assert_eq!(parse_server_info("200 hestat 1.2.3 free=many"), info("hestat 1.2.3", None));
        assert!(["", "200 ", "200 other", "502 hestat 1.2.3"].iter().all(|reply| parse_server_info(reply).is_none()));
    }
}
