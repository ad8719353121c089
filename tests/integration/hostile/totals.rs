//! Spoilt answers on their way to the client.

use std::fs;

use hestat::keystore::Phase;
use hestat::pipeline::PipelineError;
use proptest::prelude::*;

use super::mutation::{Mutation, TOTALS_SHAPE, any_mutation, sealed};
use crate::site::{Answered, Ran, Site, small_table};

fn job() -> Answered {
    Answered::new(Site::new(&small_table(700)))
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn an_answer_with_a_stale_digest_is_damaged_or_refused_and_harms_nothing() {
    let job = job();
    proptest!(config(), |(change in any_mutation())| {
        let spoilt = change.of(&job.totals, TOTALS_SHAPE);
        prop_assume!(spoilt != job.totals);
        job.forget_answers();
        job.answer(&spoilt);
        let outcome = job.site.result_here(job.job);
        if spoilt.len() > job.totals.len() {
            prop_assert!(matches!(outcome, Err(PipelineError::Refused(_))), "{:?}", outcome);
        } else {
            prop_assert!(matches!(outcome, Err(PipelineError::Damaged { .. })), "{:?}", outcome);
        }
        prop_assert_eq!(job.site.phase(job.job), Phase::Uploaded);
    });
    job.forget_answers();
    job.answer(&job.totals);
    job.site.run(["result"]).done();
    assert_eq!(fs::read(job.site.results()).unwrap(), job.results);
}

/// Also one that would drown in the noise and decrypt to the very same totals.
#[test]
fn an_answer_with_a_digest_of_its_own_is_refused() {
    let job = job();
    proptest!(config(), |(change in any_mutation())| {
        let spoilt = sealed(change.of(&job.totals, TOTALS_SHAPE));
        prop_assume!(spoilt != job.totals && spoilt.len() >= 32);
        job.forget_answers();
        job.answer(&spoilt);
        let outcome = job.site.result_here(job.job);
        prop_assert!(matches!(outcome, Err(PipelineError::Refused(id)) if id == job.job), "{:?}", outcome);
        prop_assert_eq!(job.site.phase(job.job), Phase::Uploaded);
    });
}

/// Nothing is shown and nothing written; only the code and the words differ.
#[test]
fn the_program_shows_nothing_of_a_spoilt_answer() {
    let job = job();
    let forged = sealed(Mutation::Rows(701).of(&job.totals, TOTALS_SHAPE));
    let stale = Mutation::Rows(701).of(&job.totals, TOTALS_SHAPE);
    let endless = [job.totals.as_slice(), &vec![0; 4 * job.totals.len()]].concat();
    for (answer, code) in [(stale.as_slice(), 9), (&[], 9), (&endless, 7), (&forged, 7)] {
        job.forget_answers();
        job.answer(answer);
        let Ran { code: found, stdout, stderr } = job.site.run(["result", "--quiet"]);
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        assert!(!job.site.results().exists());
    }
}
