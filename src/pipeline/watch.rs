//! `compute` that goes on: what arrives is computed, until it is told to stop.

use std::collections::HashMap;
use std::time::Duration;

use super::compute::{ComputeRequest, Outcome, compute_one, pending};
use super::error::PipelineError;
use super::outbox;
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::root_dir::Entry;
use crate::foundation::text::with_causes;
use crate::package::JobId;

/// Between two looks into the inbox.
const SCAN_INTERVAL: Duration = Duration::from_millis(500);

/// Milliseconds until a job that the system refused (a full disk, say) is tried again.
const RETRY_AFTER: u64 = 10_000;

/// A dataset that failed, and when it is tried again although it has not changed.
struct FailedDataset {
    /// What was known of it then: a new upload differs.
    dataset: Option<Entry>,
    retry_at: Option<u64>,
}

/// Computes what is there and what comes; `told` hears of each job. Ends when `observer` says so.
///
/// A damaged dataset is tried again only when it has changed; one that the system refused, after ten seconds.
///
/// # Errors
/// [`PipelineError::File`] if the directory cannot be used at the first look. Later it is waited for.
pub fn watch(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    told: impl FnMut(JobId, &Outcome),
) -> Result<(), PipelineError> {
    pending(&request.root()?, &request.data, clock)?;
    watch_on(request, clock, observer, told);
    Ok(())
}

/// The same for a directory that is known to be usable.
pub(super) fn watch_on(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    mut told: impl FnMut(JobId, &Outcome),
) {
    let mut failures = HashMap::new();
    let mut away = false;
    if let Ok(root) = request.root() {
        outbox::remove_abandoned(&root);
    }
    while observer.check_cancelled().is_ok() {
        match scan(request, clock, observer, &mut failures, &mut told) {
            Err(PipelineError::Cancelled(_)) => break,
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    observer.notice(&format!("{}; waiting for it to come back", with_causes(&error)));
                }
            }
            Ok(()) => away = false,
        }
        clock.sleep(SCAN_INTERVAL);
    }
}

/// One look into the inbox: computes what waits there and has not failed for good.
fn scan(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    failures: &mut HashMap<JobId, FailedDataset>,
    told: &mut impl FnMut(JobId, &Outcome),
) -> Result<(), PipelineError> {
    let root = request.root()?;
    for waiting in pending(&root, &request.data, clock)? {
        let left_alone = |failure: &FailedDataset| {
            failure.dataset == waiting.dataset && failure.retry_at.is_none_or(|retry_at| clock.now() < retry_at)
        };
        if failures.get(&waiting.job).is_some_and(left_alone) {
            continue;
        }
        let outcome = compute_one(request, &root, waiting.job, clock, observer)?;
        if let Outcome::Failed { passing, .. } = outcome {
            let retry_at = passing.then(|| clock.now() + RETRY_AFTER);
            failures.insert(waiting.job, FailedDataset { dataset: waiting.dataset, retry_at });
        } else {
            failures.remove(&waiting.job);
        }
        if outcome != Outcome::Busy && !(request.keep && outcome == Outcome::AlreadyDone) {
            told(waiting.job, &outcome);
        }
    }
    Ok(())
}
