//! Continuous computing: scans the inbox and computes datasets as they arrive, until cancelled.

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

/// Interval between two scans of the inbox.
const SCAN_INTERVAL: Duration = Duration::from_millis(500);

/// Milliseconds until a job that failed because of the system (for example a full disk) is tried again.
const RETRY_INTERVAL_MILLISECONDS: u64 = 10_000;

/// A dataset that failed. It is tried again if it has changed.
struct FailedDataset {
    /// Its file metadata at that time; a new upload differs.
    file: Option<Entry>,
    /// When to try it again even if it has not changed, in the clock's milliseconds; `None` for never.
    retry_at: Option<u64>,
}

/// Computes present and arriving datasets until `observer` cancels, and passes each outcome to `report`.
///
/// A damaged dataset is tried again only when it has changed; one that failed because of the system, after ten seconds.
///
/// # Errors
/// [`PipelineError::File`] if the directory cannot be used at the beginning. Later, this is a notice, and scanning
/// continues.
pub fn watch(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    report: impl FnMut(JobId, &Outcome),
) -> Result<(), PipelineError> {
    pending(&request.root()?, &request.data, clock)?;
    watch_checked(request, clock, observer, report);
    Ok(())
}

/// [`watch`] without the initial check of the directory.
pub(super) fn watch_checked(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    mut report: impl FnMut(JobId, &Outcome),
) {
    let mut failures = HashMap::new();
    let mut is_missing = false;
    if let Ok(root) = request.root() {
        outbox::remove_abandoned(&root);
    }
    while observer.check_cancelled().is_ok() {
        match scan(request, clock, observer, &mut failures, &mut report) {
            Err(PipelineError::Cancelled(_)) => break,
            Err(error) => {
                if !std::mem::replace(&mut is_missing, true) {
                    observer.notice(&format!("{}; waiting for it to come back", with_causes(&error)));
                }
            }
            Ok(()) => is_missing = false,
        }
        clock.sleep(SCAN_INTERVAL);
    }
}

/// Scans the inbox once: computes the pending datasets, except those whose failure is not due for a retry.
fn scan(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    failures: &mut HashMap<JobId, FailedDataset>,
    report: &mut impl FnMut(JobId, &Outcome),
) -> Result<(), PipelineError> {
    let root = request.root()?;
    for dataset in pending(&root, &request.data, clock)? {
        let is_skipped = |failure: &FailedDataset| {
            failure.file == dataset.file && failure.retry_at.is_none_or(|retry_at| clock.now() < retry_at)
        };
        if failures.get(&dataset.job).is_some_and(is_skipped) {
            continue;
        }
        let outcome = compute_one(request, &root, dataset.job, clock, observer)?;
        if let Outcome::Failed { is_transient, .. } = outcome {
            let retry_at = is_transient.then(|| clock.now() + RETRY_INTERVAL_MILLISECONDS);
            failures.insert(dataset.job, FailedDataset { file: dataset.file, retry_at });
        } else {
            failures.remove(&dataset.job);
        }
        if outcome != Outcome::Busy && !(request.keep && outcome == Outcome::AlreadyDone) {
            report(dataset.job, &outcome);
        }
    }
    Ok(())
}
