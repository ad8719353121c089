//! Parsers of server and peer addresses, fingerprints and netrc files.
#![no_main]

use hestat::crypto::CertificateFingerprint;
use hestat::transfer::Location;
use hestat::transfer::ftp::netrc;
use hestat::wire::PeerAddress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(location) = text.parse::<Location>() {
        let written = location.to_string();
        assert_eq!(written.parse(), Ok(location), "{written}");
    }
    if let Ok(address) = text.parse::<PeerAddress>() {
        assert_eq!(address.to_string().parse(), Ok(address));
    }
    if let Ok(fingerprint) = text.parse::<CertificateFingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Some(password) = netrc::find(text, "host", "user") {
        assert!(text.contains(password.expose().as_str()));
    }
});
