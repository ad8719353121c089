//! The one provider of TLS's cryptography, and the names in its certificates.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ParsedCertificate, ProducesTickets};

/// aws-lc-rs, with its usual cipher suites.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Makes tickets that resume sessions (RFC 5077), under keys that change.
pub(super) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    aws_lc_rs::Ticketer::new()
}

/// Whether a certificate can be for this name or address.
pub fn is_server_name(name: &str) -> bool {
    ServerName::try_from(name).is_ok()
}

/// Whether a certificate (PEM) is for this name or address (RFC 6125).
pub fn is_certificate_for(name: &str, certificate: &[u8]) -> bool {
    let Ok(name) = ServerName::try_from(name) else { return false };
    let Ok(certificate) = CertificateDer::from_pem_slice(certificate) else { return false };
    ParsedCertificate::try_from(&certificate).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_hosts() {
        for name in ["localhost", "stats.example.org", "192.0.2.9", "2001:db8::1", "node_1"] {
            assert!(is_server_name(name), "{name}");
        }
        for name in ["", "a b", "999.1.1.1", "a..b", "http://a", "a/b", "a:21", "ü.org"] {
            assert!(!is_server_name(name), "{name}");
        }
    }
}
