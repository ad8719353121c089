//! The server's word on a job: whatever it says, what is understood can be said again.
#![no_main]

use hestat::package::Status;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(status) = Status::from_json(bytes) {
        assert_eq!(Status::from_json(&status.to_json()), Some(status));
    }
});
