//! Tokens that somebody sends.
#![no_main]

use std::sync::LazyLock;

use hestat::crypto::{RsaBits, RsaPrivateKey, jwe};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(|| RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());

fuzz_target!(|token: &[u8]| {
    // Nobody has seen the key, so none opens.
    assert!(jwe::open::<Map<String, Value>>(&KEY, token).is_err());
});
