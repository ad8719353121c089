//! Totals as the client reads them: digest, header, every segment. The second attempt has a correct digest, so that the
//! parser gets beyond it.
#![no_main]

use std::io::Cursor;

use hestat::package::{AcceptedTotals, Digest, PackageError, verify_digest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let length = bytes.len() as u64;
    let _ = verify_digest(bytes, length);
    let sealed = [bytes, blake3::hash(bytes).as_bytes()].concat();
    let length = sealed.len() as u64;
    let digest = verify_digest(sealed.as_slice(), length).expect("the digest is correct");
    let _ = read(&sealed, digest);
});

fn read(bytes: &[u8], digest: Digest) -> Result<(), PackageError> {
    let mut totals = AcceptedTotals::open(Cursor::new(bytes), bytes.len() as u64, digest)?;
    for _ in 0..totals.layout().segments() {
        // The length matched the header, so no segment can be truncated.
        totals.read_segment().expect("a complete segment");
    }
    Ok(())
}
