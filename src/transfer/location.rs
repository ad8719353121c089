//! The address of a server, parsed from a URL.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

/// The port of FTP (RFC 959, section 8), with or without TLS on top (RFC 4217).
const FTP_PORT: u16 = 21;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `file:///dir`: a directory that client and server share.
    Directory(PathBuf),
    /// `ftps://user@host:port/path`: an FTP server.
    Ftp(FtpAddress),
}

/// An account on an FTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtpAddress {
    /// Whether connections use TLS (`ftps://`) or not (`ftp://`).
    pub uses_tls: bool,
    /// The user name to log in with.
    pub user: String,
    /// Name or address; an IPv6 address is without brackets.
    pub host: String,
    /// Port of the control connection.
    pub port: u16,
    /// The directory that contains `inbox` and `outbox`, without a trailing slash; empty for the directory after login.
    pub path: String,
}

/// Why a text is not the URL of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// Not of the form `scheme://…`.
    #[error("{0:?} is not a URL")]
    NotUrl(String),
    /// A `file` URL with a relative path.
    #[error("{0:?} does not contain an absolute path")]
    RelativePath(String),
    /// A scheme other than `ftps`, `ftp` and `file`.
    #[error("unknown URL scheme {0:?}")]
    UnknownScheme(String),
    /// No user name.
    #[error("the URL has no user name")]
    NoUser,
    /// A password, which other users of the machine could see.
    #[error("the URL contains a password, which other users could see")]
    Password,
    /// Not a host with an optional port.
    #[error("invalid host or port {0:?}")]
    InvalidHost(String),
    /// Characters that are not allowed.
    #[error("the URL contains a blank, a control character or one of ? # % \" \\")]
    InvalidCharacter,
}

impl FromStr for Location {
    type Err = ParseLocationError;

    fn from_str(text: &str) -> Result<Self, ParseLocationError> {
        match text.split_once("://") {
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Directory(path.into())),
            Some(("file", _)) => Err(ParseLocationError::RelativePath(text.into())),
            Some(("ftps", rest)) => FtpAddress::parse(true, rest).map(Self::Ftp),
            Some(("ftp", rest)) => FtpAddress::parse(false, rest).map(Self::Ftp),
            Some((scheme, _)) => Err(ParseLocationError::UnknownScheme(scheme.into())),
            None => Err(ParseLocationError::NotUrl(text.into())),
        }
    }
}

impl FtpAddress {
    fn parse(uses_tls: bool, rest: &str) -> Result<Self, ParseLocationError> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, endpoint) = authority.rsplit_once('@').ok_or(ParseLocationError::NoUser)?;
        if user.contains(':') {
            return Err(ParseLocationError::Password);
        }
        if user.is_empty() {
            return Err(ParseLocationError::NoUser);
        }
        if rest.chars().any(|c| c.is_control() || c.is_whitespace() || "?#%\"\\".contains(c)) {
            return Err(ParseLocationError::InvalidCharacter);
        }
        let (host, port) = host_and_port(endpoint).ok_or_else(|| ParseLocationError::InvalidHost(endpoint.into()))?;
        Ok(Self { uses_tls, user: user.into(), host, port, path: path.trim_end_matches('/').into() })
    }

    /// Returns `host:port`, with an IPv6 address in brackets.
    pub fn endpoint(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Returns `user at host:port`, for messages.
    pub fn account(&self) -> String {
        format!("{} at {}", self.user, self.endpoint())
    }
}

fn host_and_port(endpoint: &str) -> Option<(String, u16)> {
    let (host, port) = match endpoint.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => endpoint.split_once(':').map_or((endpoint, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(FTP_PORT), |port| port.parse().ok().filter(|port| *port != 0))?;
    (!host.is_empty()).then(|| (host.into(), port))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "file://{}", path.display()),
            Self::Ftp(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for FtpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.uses_tls { "ftps" } else { "ftp" };
        write!(f, "{scheme}://{}@{}", self.user, self.endpoint())?;
        if self.path.is_empty() { Ok(()) } else { write!(f, "/{}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed_and_printed() {
        for text in ["file:///srv/hestat data", "ftps://me@host:2121", "ftp://a@[::1]:21/x/y", "ftps://a@b@host:1"] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        }
        assert_eq!("ftps://me@host/".parse::<Location>().unwrap().to_string(), "ftps://me@host:21");
    }

    #[test]
    fn invalid_urls_are_rejected_with_the_reason() {
        let reason = |text: &str| text.parse::<Location>().unwrap_err();
        assert!(matches!(reason("file://dir"), ParseLocationError::RelativePath(_)));
        assert!(matches!(reason("gopher://x"), ParseLocationError::UnknownScheme(_)));
        assert!(matches!(reason("/srv"), ParseLocationError::NotUrl(_)));
        assert!(matches!(reason("ftps://host"), ParseLocationError::NoUser));
        assert!(matches!(reason("ftps://@host"), ParseLocationError::NoUser));
        assert!(matches!(reason("ftps://me:secret@host"), ParseLocationError::Password));
        for endpoint in ["", ":21", "host:", "host:0", "host:65536", "[::1", "[x]:1", "::1", "[::1]21"] {
            assert!(
                matches!(reason(&format!("ftps://me@{endpoint}")), ParseLocationError::InvalidHost(_)),
                "{endpoint}"
            );
        }
        assert!(matches!(reason("ftps://me@host/a\rDELE b"), ParseLocationError::InvalidCharacter));
    }
}
