//! Where a server is, as the user writes it.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

/// The port of FTP (RFC 959, section 8), with or without TLS on top (RFC 4217).
const FTP_PORT: u16 = 21;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `file:///dir`: a directory that both sides can reach.
    Directory(PathBuf),
    /// `ftps://user@host:port/path`: an FTP server.
    Ftp(FtpAddress),
}

/// An account on an FTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtpAddress {
    /// Whether connections are under TLS (`ftps://`) or in plain (`ftp://`).
    pub secure: bool,
    /// Who logs in.
    pub user: String,
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// Port of the control connection.
    pub port: u16,
    /// The folder that holds `inbox` and `outbox`, without a slash at its end; empty for where a login leads.
    pub path: String,
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// Not of the form `scheme://…`.
    #[error("{0:?} is no address of a server; write ftps://user@host:port or file:///dir")]
    Form(String),
    /// A relative path.
    #[error("{0:?} does not name a directory by its full path; write file:///dir (three slashes)")]
    Relative(String),
    /// A scheme that is not spoken here.
    #[error("{0:?} servers are not known here, only ftps://user@host:port and file:///dir")]
    Scheme(String),
    /// No name of an account.
    #[error("the address names no user; write ftps://user@host:port")]
    NoUser,
    /// A password where everybody can read it.
    #[error("a password in an address would be seen by others; use --password-file and write ftps://user@host:port")]
    Password,
    /// A part that cannot be.
    #[error("{0:?} cannot be the host and port of a server; write ftps://user@host:port")]
    Host(String),
    /// Characters that do not belong into an address.
    #[error("the address has a blank, a control character or another mark in it that does not belong there")]
    Characters,
}

impl FromStr for Location {
    type Err = ParseLocationError;

    fn from_str(text: &str) -> Result<Self, ParseLocationError> {
        match text.split_once("://") {
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Directory(path.into())),
            Some(("file", _)) => Err(ParseLocationError::Relative(text.into())),
            Some(("ftps", rest)) => FtpAddress::parse(true, rest).map(Self::Ftp),
            Some(("ftp", rest)) => FtpAddress::parse(false, rest).map(Self::Ftp),
            Some((scheme, _)) => Err(ParseLocationError::Scheme(scheme.into())),
            None => Err(ParseLocationError::Form(text.into())),
        }
    }
}

impl FtpAddress {
    fn parse(secure: bool, rest: &str) -> Result<Self, ParseLocationError> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = authority.rsplit_once('@').ok_or(ParseLocationError::NoUser)?;
        if user.contains(':') {
            return Err(ParseLocationError::Password);
        }
        if user.is_empty() {
            return Err(ParseLocationError::NoUser);
        }
        if rest.chars().any(|c| c.is_control() || c.is_whitespace() || "?#%\"\\".contains(c)) {
            return Err(ParseLocationError::Characters);
        }
        let (host, port) = host_and_port(place).ok_or_else(|| ParseLocationError::Host(place.into()))?;
        Ok(Self { secure, user: user.into(), host, port, path: path.trim_end_matches('/').into() })
    }

    /// Host and port as they are written together.
    pub fn endpoint(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

fn host_and_port(place: &str) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
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
        let scheme = if self.secure { "ftps" } else { "ftp" };
        write!(f, "{scheme}://{}@{}", self.user, self.endpoint())?;
        if self.path.is_empty() { Ok(()) } else { write!(f, "/{}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        for text in ["file:///srv/hestat data", "ftps://me@host:2121", "ftp://a@[::1]:21/x/y", "ftps://a@b@host:1"] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        }
        assert_eq!("ftps://me@host/".parse::<Location>().unwrap().to_string(), "ftps://me@host:21");
    }

    #[test]
    fn what_is_no_address_is_told_so() {
        let reason = |text: &str| text.parse::<Location>().unwrap_err();
        assert!(matches!(reason("file://dir"), ParseLocationError::Relative(_)));
        assert!(matches!(reason("gopher://x"), ParseLocationError::Scheme(_)));
        assert!(matches!(reason("/srv"), ParseLocationError::Form(_)));
        assert!(matches!(reason("ftps://host"), ParseLocationError::NoUser));
        assert!(matches!(reason("ftps://@host"), ParseLocationError::NoUser));
        assert!(matches!(reason("ftps://me:secret@host"), ParseLocationError::Password));
        for place in ["", ":21", "host:", "host:0", "host:65536", "[::1", "[x]:1", "::1", "[::1]21"] {
            assert!(matches!(reason(&format!("ftps://me@{place}")), ParseLocationError::Host(_)), "{place}");
        }
        assert!(matches!(reason("ftps://me@host/a\rDELE b"), ParseLocationError::Characters));
    }
}
