//! A dataset as the server reads it: header, addition of every batch, digest.
#![no_main]

use std::fs::File;
use std::io::{Seek, Write};

use hestat::he::Evaluator;
use hestat::package::{DatasetReader, PackageError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).and_then(|()| file.rewind()).expect("the temporary file is writable");
    // An error is fine; only a panic is a failure.
    let _ = compute(file);
});

fn compute(file: File) -> Result<(), PackageError> {
    let dataset = DatasetReader::open(file)?;
    let layout = dataset.layout().clone();
    let mut evaluator = Evaluator::new(&layout);
    let added = dataset.for_each_batch(1 << 14, |batch, words| {
        evaluator.add(batch, words).expect("batches of a layout fit it");
        Ok::<(), PackageError>(())
    });
    evaluator.finish();
    added.map(drop)
}
