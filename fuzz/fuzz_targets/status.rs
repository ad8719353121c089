//! A job's status from the server: every status that parses can be written and parsed again.
#![no_main]

use hestat::package::Status;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(status) = Status::from_json(bytes) {
        assert_eq!(Status::from_json(&status.to_json().expect("a status can be written as JSON")), Some(status));
    }
});
