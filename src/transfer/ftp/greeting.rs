//! What a client learns about a server before it logs in.

use std::time::Duration;

use crate::crypto::CertificateFingerprint;

/// What a client knows about a server after connecting and starting TLS.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// IP address and port.
    pub peer: String,
    /// Time from the first connection attempt to the TCP connection.
    pub connected_in: Duration,
    /// TLS version and cipher suite; `None` without TLS.
    pub tls: Option<String>,
    /// Fingerprint of the server's certificate; `None` without TLS.
    pub fingerprint: Option<CertificateFingerprint>,
    /// The text of the server's 220 reply, on one line.
    pub welcome: String,
}
