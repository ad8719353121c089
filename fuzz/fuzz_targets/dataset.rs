//! A dataset as the server reads it: header, every batch into the sums, digest.
#![no_main]

use std::fs::File;
use std::io::{Seek, Write};

use hestat::he::Evaluator;
use hestat::package::{DatasetReader, PackageError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::tempfile().expect("a place for temporary files");
    file.write_all(bytes).and_then(|()| file.rewind()).expect("room for a temporary file");
    // What comes of it is one or the other; that it comes without a panic is the point.
    drop(add_up(file));
});

fn add_up(file: File) -> Result<(), PackageError> {
    let dataset = DatasetReader::open(file)?;
    let layout = dataset.layout().clone();
    let mut evaluator = Evaluator::new(&layout);
    let added = dataset.for_each_batch(1 << 14, |batch, words| {
        evaluator.add(batch, words).expect("a batch of a layout fits it");
        Ok::<(), PackageError>(())
    });
    drop(evaluator.finish());
    added.map(drop)
}
