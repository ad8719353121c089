//! An answer as the client reads it: its digest, made right so that the rest is reached, its header, every segment.
#![no_main]

use hestat::package::{PackageError, TotalsFile, totals};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let length = bytes.len() as u64;
    drop(totals::verify_digest(bytes, length));
    let sealed = [bytes, blake3::hash(bytes).as_bytes()].concat();
    let length = sealed.len() as u64;
    totals::verify_digest(sealed.as_slice(), length).expect("the digest is right");
    drop(read(&sealed));
});

fn read(bytes: &[u8]) -> Result<(), PackageError> {
    let mut file = TotalsFile::open(bytes, bytes.len() as u64)?;
    for _ in 0..file.layout().segments() {
        // The length was as the header asks, so no segment can be cut short.
        file.read_segment().expect("a whole segment");
    }
    Ok(())
}
