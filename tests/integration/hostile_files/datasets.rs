//! Corrupted datasets in the server's inbox.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use hestat::foundation::clock::SystemClock;
use hestat::foundation::observer::Observer;
use hestat::foundation::quota::Quota;
use hestat::package::{JobId, JobState, Status};
use hestat::pipeline::PipelineError;
use hestat::pipeline::compute::{ComputeRequest, Outcome, compute};
use proptest::prelude::*;
use proptest::sample::Index;

use super::mutation::{DATASET_SHAPE, any_byte, any_mutation, payload_start, set_job, with_digest};
use super::outcomes::Outcomes;
use crate::sandbox::ComputedJob;

static JOB: LazyLock<ComputedJob> = LazyLock::new(|| ComputedJob::small(1500));

/// Computes `dataset` and a valid dataset of another job. Returns the outcome and the reported state of the former.
fn compute_beside_valid(dataset: &[u8]) -> (Outcome, Option<JobState>) {
    let data = tempfile::tempdir().unwrap();
    let valid = JobId::from_bytes([0xFF; 16]);
    let mut valid_dataset = JOB.dataset.clone();
    set_job(&mut valid_dataset, valid);
    upload(data.path(), JOB.id, dataset);
    upload(data.path(), valid, &with_digest(valid_dataset));
    let request = ComputeRequest { data: data.path().into(), keep: true, retry: false, quota: Quota::unlimited() };
    let outcomes = compute(&request, &SystemClock, Observer::null()).unwrap();
    let [(first, outcome), (second, other)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((*first, *second), (JOB.id, valid));
    assert_eq!(*other, Outcome::Computed, "the valid dataset was not computed");
    assert_eq!(state(data.path(), valid), Some(JobState::Done));
    let totals = data.path().join(format!("outbox/{}/totals.hes", JOB.id));
    assert_eq!(totals.exists(), *outcome == Outcome::Computed);
    (outcome.clone(), state(data.path(), JOB.id))
}

fn upload(data: &Path, job: JobId, dataset: &[u8]) {
    let directory = data.join(format!("inbox/{job}"));
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("dataset.hes"), dataset).unwrap();
}

fn state(data: &Path, job: JobId) -> Option<JobState> {
    let json = fs::read(data.join(format!("outbox/{job}/status.json"))).ok()?;
    Status::from_json(&json).map(|status| status.state)
}

fn assert_failed((outcome, state): (Outcome, Option<JobState>)) {
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(!reason.is_empty());
    assert_eq!(state, Some(JobState::Failed { reason }));
}

#[test]
fn the_valid_dataset_is_computed() {
    assert_eq!(compute_beside_valid(&JOB.dataset), (Outcome::Computed, Some(JobState::Done)));
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() }
}

/// With a correct digest, only the checks of the header and the length remain.
#[test]
fn a_change_with_a_correct_digest_fails_or_is_another_dataset() {
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation())| {
        let corrupted = with_digest(change.apply(&JOB.dataset, DATASET_SHAPE));
        prop_assume!(corrupted != JOB.dataset);
        match compute_beside_valid(&corrupted) {
            (Outcome::Computed, state) => {
                prop_assert_eq!(state, Some(JobState::Done));
                outcomes.accept();
            }
            failed => {
                assert_failed(failed);
                outcomes.refuse();
            }
        }
    });
    outcomes.assert_both();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_changed_byte_fails_its_job(change in any_byte()) {
        assert_failed(compute_beside_valid(&change.apply(&JOB.dataset, DATASET_SHAPE)));
    }

    #[test]
    fn any_change_fails_its_job(change in any_mutation()) {
        let corrupted = change.apply(&JOB.dataset, DATASET_SHAPE);
        prop_assume!(corrupted != JOB.dataset);
        assert_failed(compute_beside_valid(&corrupted));
    }

    /// The server cannot detect the change, but the client does.
    #[test]
    fn a_changed_block_with_a_correct_digest_is_computed_and_refused(offset: Index, with in 1..=u8::MAX) {
        let start = payload_start(&JOB.dataset);
        let mut corrupted = JOB.dataset.clone();
        let offset = start + offset.index(corrupted.len() - 32 - start);
        corrupted[offset] ^= with;
        assert_refused_after_compute(&with_digest(corrupted));
    }
}

/// Replaces the dataset on the server of [`JOB`], computes it and asks for the result.
fn assert_refused_after_compute(dataset: &[u8]) {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = LOCK.lock();
    let sandbox = &JOB.sandbox;
    JOB.reset();
    fs::remove_file(sandbox.totals(JOB.id)).unwrap();
    fs::remove_file(sandbox.dataset(JOB.id)).unwrap();
    fs::write(sandbox.dataset(JOB.id), dataset).unwrap();
    let request = ComputeRequest { data: sandbox.server(), keep: true, retry: false, quota: Quota::unlimited() };
    let outcomes = compute(&request, &SystemClock, Observer::null()).unwrap();
    assert_eq!(outcomes, [(JOB.id, Outcome::Computed)]);
    let outcome = sandbox.fetch_result(JOB.id);
    assert!(matches!(outcome, Err(PipelineError::WrongTotals(job)) if job == JOB.id), "{outcome:?}");
}
