//! A job's status from the server: whatever parses can be written and parsed again.
#![no_main]

use hestat::package::Status;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(status) = Status::from_json(bytes) {
        let json = status.to_json().expect("a parsed status can be written");
        assert_eq!(Status::from_json(&json), Some(status));
    }
});
