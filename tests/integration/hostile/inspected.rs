//! Any bytes under `hestat inspect`.

use std::fs;

use hestat::pipeline::PipelineError;
use hestat::pipeline::inspect::inspect;
use proptest::prelude::*;

use super::mutation::{DATASET_SHAPE, TOTALS_SHAPE, any_mutation, sealed};
use super::outcomes::Outcomes;
use crate::site::{Answered, Site, small_table};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn whole_files_are_described_and_spoilt_ones_are_damaged() {
    let job = Answered::new(Site::new(&small_table(700)));
    let secrets = fs::read(job.site.secrets(job.job)).unwrap();
    let path = job.site.root().join("any.hes");
    let files = [(job.dataset, DATASET_SHAPE), (job.totals, TOTALS_SHAPE), (secrets, DATASET_SHAPE)];
    for (file, _) in &files {
        fs::write(&path, file).unwrap();
        assert_eq!(inspect(&path).unwrap().bytes, file.len() as u64);
    }
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation(), which in 0..3_usize)| {
        let (file, shape) = &files[which];
        let spoilt = change.of(file, *shape);
        prop_assume!(spoilt != *file);
        fs::write(&path, &spoilt).unwrap();
        let outcome = inspect(&path);
        prop_assert!(matches!(outcome, Err(PipelineError::Package { .. })), "{:?}", outcome);
        // With a correct digest it may be another valid file. Then its real length is reported, not one that its header claims.
        fs::write(&path, sealed(spoilt.clone())).unwrap();
        match inspect(&path) {
            Ok(inspection) => {
                prop_assert_eq!(inspection.bytes, spoilt.len() as u64);
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
    fn bytes_of_any_origin_are_foreign(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        fs::write(&path, bytes).unwrap();
        let outcome = inspect(&path);
        prop_assert!(matches!(outcome, Err(PipelineError::Package { .. })), "{:?}", outcome);
    }
}

#[test]
fn the_program_ends_with_the_documented_codes() {
    let site = Site::new(&small_table(10));
    let inspected = |path: &str| site.run(["inspect", path]);
    let table = site.table();
    assert_eq!(inspected(table.to_str().unwrap()).code, Some(9));
    assert_eq!(inspected(site.data().to_str().unwrap()).code, Some(8));
    assert_eq!(inspected(site.root().join("nothing").to_str().unwrap()).code, Some(8));
    fs::write(&table, "").unwrap();
    assert_eq!(inspected(table.to_str().unwrap()).code, Some(9));
}
