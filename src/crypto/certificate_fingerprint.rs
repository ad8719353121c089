//! Fingerprints of certificates: SHA-256 (FIPS 180-4) of the DER bytes, like `openssl x509 -fingerprint -sha256`.

use std::fmt;
use std::str::FromStr;

use super::sha256;

/// The fingerprint of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

/// The text is not a certificate fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate fingerprint (SHA-256: 64 hexadecimal digits, with or without colons)")]
pub struct ParseCertificateFingerprintError;

impl CertificateFingerprint {
    /// Returns the fingerprint of the certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(sha256::sha256(certificate))
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CertificateFingerprint {
    type Err = ParseCertificateFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseCertificateFingerprintError> {
        sha256::parse(text, &[':']).map(Self).ok_or(ParseCertificateFingerprintError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example: SHA-256 of "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_forms_that_tools_write_are_parsed() {
        let expected = CertificateFingerprint::of(b"abc");
        let shown = expected.to_string();
        assert!(shown.starts_with("SHA256:BA:78:16:BF:"), "{shown}");
        for text in [ABC, &ABC.to_uppercase(), &shown, &format!("sha256:{ABC}"), &format!(" SHA256={ABC}\n")] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "SHA256:", &ABC[1..], &format!("{ABC}00"), &ABC.replace('a', "g"), &"ü".repeat(32)] {
            assert_eq!(text.parse::<CertificateFingerprint>(), Err(ParseCertificateFingerprintError), "{text}");
        }
    }
}
