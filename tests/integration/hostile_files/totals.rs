//! Corrupted totals as input of the client.

use std::fs;

use hestat::keystore::Phase;
use hestat::pipeline::PipelineError;
use proptest::prelude::*;

use super::mutation::{Mutation, TOTALS_SHAPE, any_mutation, with_digest};
use crate::sandbox::{CommandOutput, ComputedJob};

fn job() -> ComputedJob {
    ComputedJob::small(700)
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn totals_with_a_stale_digest_are_damaged_or_refused_and_change_nothing() {
    let job = job();
    proptest!(config(), |(change in any_mutation())| {
        let corrupted = change.apply(&job.totals, TOTALS_SHAPE);
        prop_assume!(corrupted != job.totals);
        job.reset();
        job.set_totals(&corrupted);
        let outcome = job.sandbox.fetch_result(job.id);
        if corrupted.len() > job.totals.len() {
            prop_assert!(matches!(outcome, Err(PipelineError::WrongTotals(_))), "{:?}", outcome);
        } else {
            prop_assert!(matches!(outcome, Err(PipelineError::Damaged { .. })), "{:?}", outcome);
        }
        prop_assert_eq!(job.sandbox.phase(job.id), Phase::Uploaded);
    });
    job.reset();
    job.set_totals(&job.totals);
    job.sandbox.succeed(["result"]);
    assert_eq!(fs::read(job.sandbox.results()).unwrap(), job.results);
}

/// Includes changes that are smaller than the noise and would decrypt to the same totals.
#[test]
fn changed_totals_with_a_correct_digest_are_refused() {
    let job = job();
    proptest!(config(), |(change in any_mutation())| {
        let corrupted = with_digest(change.apply(&job.totals, TOTALS_SHAPE));
        prop_assume!(corrupted != job.totals && corrupted.len() >= 32);
        job.reset();
        job.set_totals(&corrupted);
        let outcome = job.sandbox.fetch_result(job.id);
        prop_assert!(matches!(outcome, Err(PipelineError::WrongTotals(id)) if id == job.id), "{:?}", outcome);
        prop_assert_eq!(job.sandbox.phase(job.id), Phase::Uploaded);
    });
}

/// Nothing is printed and nothing is written; only the exit code and the error message differ.
#[test]
fn the_program_shows_nothing_of_corrupted_totals() {
    let job = job();
    let forged = with_digest(Mutation::Rows(701).apply(&job.totals, TOTALS_SHAPE));
    let stale = Mutation::Rows(701).apply(&job.totals, TOTALS_SHAPE);
    let endless = [job.totals.as_slice(), &vec![0; 4 * job.totals.len()]].concat();
    for (totals, code) in [(stale.as_slice(), 9), (&[], 9), (&endless, 7), (&forged, 7)] {
        job.reset();
        job.set_totals(totals);
        let CommandOutput { code: found, stdout, stderr } = job.sandbox.run(["result", "--quiet"]);
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        assert!(!job.sandbox.results().exists());
    }
}
