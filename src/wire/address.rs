//! The address of a peer, as users write it.

use std::fmt;
use std::net::SocketAddrV6;
use std::str::FromStr;

/// `host:port` in lower case. The host is a name, an IPv4 address, or an IPv6 address in brackets, with a zone index if
/// needed (RFC 4007 §11).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeerAddress(String);

/// The text is not a peer address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address: expected HOST:PORT, such as fog.example.org:7100, 192.0.2.7:7100 or [2001:db8::7]:7100")]
pub struct ParseAddressError;

impl PeerAddress {
    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::net::SocketAddr> for PeerAddress {
    fn from(address: std::net::SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl FromStr for PeerAddress {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let (host, port) = text.rsplit_once(':').ok_or(ParseAddressError)?;
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse::<u16>().ok().filter(|port| is_port && *port > 0).ok_or(ParseAddressError)?;
        // Normalised, because known peers are stored under this text.
        if host.starts_with('[') {
            return Ok(Self(
                format!("{host}:{port}").parse::<SocketAddrV6>().map_err(|_| ParseAddressError)?.to_string(),
            ));
        }
        let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        if is_name { Ok(Self(format!("{}:{port}", host.to_ascii_lowercase()))) } else { Err(ParseAddressError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_and_need_a_port() {
        for text in ["localhost:1", "192.0.2.7:65535", "[::1]:7100", "fog-1.example.org:7100", "node_1:80"] {
            assert_eq!(text.parse::<PeerAddress>().map(|address| address.to_string()), Ok(text.into()));
        }
        assert_eq!("[0:0:0:0:0:0:0:1]:7100".parse::<PeerAddress>().unwrap().as_str(), "[::1]:7100");
        assert_eq!("[fe80::1%03]:7100".parse::<PeerAddress>().unwrap().as_str(), "[fe80::1%3]:7100");
        assert_eq!("FOG.example.org:07100".parse::<PeerAddress>().unwrap().as_str(), "fog.example.org:7100");
        for text in
            ["", ":1", "a", "a:", "a:0", "a:65536", "a:+1", "::1:7100", "[::1:7100", "[a]:1", "a b:1", "a/b:1", "u@a:1"]
        {
            assert_eq!(text.parse::<PeerAddress>(), Err(ParseAddressError), "{text}");
        }
    }
}
