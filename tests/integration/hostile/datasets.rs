//! Spoilt datasets in the server's inbox.

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

use super::mutation::{DATASET_SHAPE, any_byte, any_mutation, payload_start, rename, sealed};
use super::outcomes::Outcomes;
use crate::site::{Answered, Site, small_table};

static JOB: LazyLock<Answered> = LazyLock::new(|| Answered::new(Site::new(&small_table(1500))));

/// What the server makes of `dataset`, an honest job waiting beside it.
fn served(dataset: &[u8]) -> (Outcome, Option<JobState>) {
    let data = tempfile::tempdir().unwrap();
    let honest = JobId::from_bytes([0xFF; 16]);
    let mut beside = JOB.dataset.clone();
    rename(&mut beside, honest);
    upload(data.path(), JOB.job, dataset);
    upload(data.path(), honest, &sealed(beside));
    let request = ComputeRequest { data: data.path().into(), keep: true, retry: false, quota: Quota::unlimited() };
    let outcomes = compute(&request, &SystemClock, Observer::null()).unwrap();
    let [(first, outcome), (second, other)] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((*first, *second), (JOB.job, honest));
    assert_eq!(*other, Outcome::Computed, "the honest job beside it");
    assert_eq!(state(data.path(), honest), Some(JobState::Done));
    let totals = data.path().join(format!("outbox/{}/totals.hes", JOB.job));
    assert_eq!(totals.exists(), *outcome == Outcome::Computed);
    (outcome.clone(), state(data.path(), JOB.job))
}

fn upload(data: &Path, job: JobId, dataset: &[u8]) {
    let folder = data.join(format!("inbox/{job}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("dataset.hes"), dataset).unwrap();
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
fn the_honest_dataset_is_computed() {
    assert_eq!(served(&JOB.dataset), (Outcome::Computed, Some(JobState::Done)));
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() }
}

/// With a correct digest, only the checks of the header and the length remain.
#[test]
fn a_change_under_a_right_digest_fails_or_is_another_dataset() {
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation())| {
        let spoilt = sealed(change.of(&JOB.dataset, DATASET_SHAPE));
        prop_assume!(spoilt != JOB.dataset);
        match served(&spoilt) {
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
        assert_failed(served(&change.of(&JOB.dataset, DATASET_SHAPE)));
    }

    #[test]
    fn any_change_fails_its_job(change in any_mutation()) {
        let spoilt = change.of(&JOB.dataset, DATASET_SHAPE);
        prop_assume!(spoilt != JOB.dataset);
        assert_failed(served(&spoilt));
    }

    /// The server cannot know; the client does.
    #[test]
    fn a_changed_block_under_a_right_digest_is_computed_and_refused(place: Index, with in 1..=u8::MAX) {
        let start = payload_start(&JOB.dataset);
        let mut spoilt = JOB.dataset.clone();
        let place = start + place.index(spoilt.len() - 32 - start);
        spoilt[place] ^= with;
        assert_refused_after_compute(&sealed(spoilt));
    }
}

/// Puts the dataset on the client's own server, and asks for the result.
fn assert_refused_after_compute(dataset: &[u8]) {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock();
    let site = &JOB.site;
    JOB.forget_answers();
    fs::remove_file(site.totals(JOB.job)).unwrap();
    fs::remove_file(site.dataset(JOB.job)).unwrap();
    fs::write(site.dataset(JOB.job), dataset).unwrap();
    let request = ComputeRequest { data: site.data(), keep: true, retry: false, quota: Quota::unlimited() };
    let outcomes = compute(&request, &SystemClock, Observer::null()).unwrap();
    assert_eq!(outcomes, [(JOB.job, Outcome::Computed)]);
    let outcome = site.result_here(JOB.job);
    assert!(matches!(outcome, Err(PipelineError::Refused(job)) if job == JOB.job), "{outcome:?}");
}
