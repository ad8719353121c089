//! The cryptography provider that client and server share, and checks of server names.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ParsedCertificate, ProducesTickets};

/// Returns aws-lc-rs with its default cipher suites.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Creates session tickets (RFC 5077) under keys that are rotated.
///
/// # Errors
/// [`rustls::Error`] if the system provides no randomness.
pub(super) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    aws_lc_rs::Ticketer::new()
}

/// Whether `name` is a host name or IP address that a certificate can contain.
pub fn is_server_name(name: &str) -> bool {
    ServerName::try_from(name).is_ok()
}

/// Whether a certificate (PEM) is valid for the host name or IP address `name` (RFC 6125).
pub fn is_certificate_for(name: &str, certificate: &[u8]) -> bool {
    let Ok(name) = ServerName::try_from(name) else { return false };
    let Ok(certificate) = CertificateDer::from_pem_slice(certificate) else { return false };
    ParsedCertificate::try_from(&certificate).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_and_addresses_are_server_names() {
        for name in ["localhost", "stats.example.org", "192.0.2.9", "2001:db8::1", "node_1"] {
            assert!(is_server_name(name), "{name}");
        }
        for name in ["", "a b", "999.1.1.1", "a..b", "http://a", "a/b", "a:21", "ü.org"] {
            assert!(!is_server_name(name), "{name}");
        }
    }
}
