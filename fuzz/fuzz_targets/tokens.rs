//! JWE tokens from an untrusted peer.
#![no_main]

use std::sync::LazyLock;

use hestat::crypto::{RsaBits, RsaPrivateKey, jwe};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(|| RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());

fuzz_target!(|token: &[u8]| {
    // The public key was never disclosed, so no input is a valid token.
    assert!(jwe::open::<Map<String, Value>>(&KEY, token).is_err());
});
