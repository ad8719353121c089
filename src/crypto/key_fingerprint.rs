//! Fingerprints of public keys: SHA-256 (FIPS 180-4) of the SPKI (RFC 5280 §4.1.2.7) in DER.
//!
//! ```text
//! openssl pkey -in key.pem -pubout -outform DER | sha256sum
//! ```

use std::fmt;
use std::str::FromStr;

use super::sha256;

/// The fingerprint of a public key, independent of the certificate that contains it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyFingerprint([u8; 32]);

/// The text is not a key fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key fingerprint (SHA-256: 64 hexadecimal digits, with or without separators)")]
pub struct ParseKeyFingerprintError;

impl KeyFingerprint {
    /// Returns the fingerprint of the public key in DER.
    pub fn of(spki: &[u8]) -> Self {
        Self(sha256::sha256(spki))
    }
}

/// Groups of four digits, which are easy to read aloud, separated by hyphens, so that the whole is one shell word.
impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chunks(2).enumerate().try_for_each(|(index, pair)| {
            f.write_str(if index == 0 { "" } else { "-" })?;
            pair.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        })
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyFingerprint {
    type Err = ParseKeyFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseKeyFingerprintError> {
        sha256::parse(text, &['-', ':', ' ']).map(Self).ok_or(ParseKeyFingerprintError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example: SHA-256 of "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_forms_that_people_and_tools_write_are_parsed() {
        let expected = KeyFingerprint::of(b"abc");
        let shown = expected.to_string();
        assert_eq!(shown, "ba78-16bf-8f01-cfea-4141-40de-5dae-2223-b003-61a3-9617-7a9c-b410-ff61-f200-15ad");
        assert_eq!(format!("{expected:?}"), shown);
        let sum = format!("{ABC}  -\n");
        for text in [ABC, &ABC.to_uppercase(), &shown, &shown.replace('-', ":"), &shown.replace('-', " "), &sum] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(format!("SHA256:{text}").parse(), Ok(expected), "{text}");
        }
        let signed = ABC.replacen("ba", "+a", 1);
        for text in ["", "SHA256:", &ABC[1..], &format!("{ABC}00"), &ABC.replace('a', "g"), &signed, &"ü".repeat(32)] {
            assert_eq!(text.parse::<KeyFingerprint>(), Err(ParseKeyFingerprintError), "{text}");
        }
    }
}
