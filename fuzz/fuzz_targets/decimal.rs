//! Decimal numbers: every number that parses is displayed as a number that parses to the same value.
#![no_main]

use hestat::foundation::decimal::Decimal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for separator in [b'.', b','] {
        let Ok(number) = Decimal::parse(bytes, separator) else { continue };
        let written = number.to_string();
        assert_eq!(Decimal::parse(written.as_bytes(), b'.'), Ok(number), "{written}");
    }
});
