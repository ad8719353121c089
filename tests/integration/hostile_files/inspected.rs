//! Arbitrary bytes as input of `hestat inspect`.

use std::fs;
use std::path::Path;

use hestat::pipeline::PipelineError;
use hestat::pipeline::inspect::inspect;
use proptest::prelude::*;

use super::mutation::{DATASET_SHAPE, TOTALS_SHAPE, any_mutation, with_digest};
use super::outcomes::Outcomes;
use crate::sandbox::{ComputedJob, Sandbox, path, small_table};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn complete_files_are_described_and_corrupted_ones_are_damaged() {
    let job = ComputedJob::small(700);
    let secrets = fs::read(job.sandbox.secrets(job.id)).unwrap();
    let path = job.sandbox.file("any.hes");
    let files = [(job.dataset, DATASET_SHAPE), (job.totals, TOTALS_SHAPE), (secrets, DATASET_SHAPE)];
    for (file, _) in &files {
        fs::write(&path, file).unwrap();
        assert_eq!(inspect(&path).unwrap().bytes, file.len() as u64);
    }
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation(), which in 0..3_usize)| {
        let (file, shape) = &files[which];
        let corrupted = change.apply(file, *shape);
        prop_assume!(corrupted != *file);
        fs::write(&path, &corrupted).unwrap();
        let outcome = inspect(&path);
        prop_assert!(matches!(outcome, Err(PipelineError::Package { .. })), "{:?}", outcome);
        // With a correct digest it may be another valid file. Then its real length is reported, not one that its header
        // claims.
        fs::write(&path, with_digest(corrupted.clone())).unwrap();
        match inspect(&path) {
            Ok(inspection) => {
                prop_assert_eq!(inspection.bytes, corrupted.len() as u64);
                outcomes.accept();
            }
            Err(PipelineError::Package { .. }) => outcomes.refuse(),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    });
    outcomes.assert_both();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_are_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("any");
        fs::write(&path, bytes).unwrap();
        let outcome = inspect(&path);
        prop_assert!(matches!(outcome, Err(PipelineError::Package { .. })), "{:?}", outcome);
    }
}

#[test]
fn the_program_ends_with_the_documented_codes() {
    let sandbox = Sandbox::with_table(&small_table(10));
    let assert_code = |file: &Path, code: i32| sandbox.run(["inspect", path(file)]).expect_code(code);
    assert_code(&sandbox.table(), 9);
    assert_code(&sandbox.server(), 8);
    assert_code(&sandbox.file("missing"), 8);
    fs::write(sandbox.table(), "").unwrap();
    assert_code(&sandbox.table(), 9);
}
