//! `compute` that goes on: what arrives is computed, until it is told to stop.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::compute::{ComputeRequest, Outcome, announce, compute_one, waiting};
use super::error::PipelineError;
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::package::JobId;

/// Between two looks into the inbox.
const PAUSE: Duration = Duration::from_millis(500);

/// Length and time of a dataset, by which a new upload is told from the one that failed.
type Appearance = Option<(u64, SystemTime)>;

/// Computes what is there and what comes; `told` hears of each job. Ends when `observer` says so.
///
/// A dataset that failed is tried again only when it has changed.
///
/// # Errors
/// [`PipelineError::File`] if the directory itself cannot be used.
pub fn watch(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    mut told: impl FnMut(JobId, &Outcome),
) -> Result<(), PipelineError> {
    let mut failed: HashMap<JobId, Appearance> = HashMap::new();
    while observer.go_on().is_ok() {
        let all = waiting(&request.data)?;
        announce(request, &all, clock);
        for waiting in all {
            let appearance = appearance(&waiting.path);
            if failed.get(&waiting.job).is_some_and(|before| *before == appearance) {
                continue;
            }
            let outcome = match compute_one(request, &waiting, clock, observer) {
                Err(PipelineError::Stopped(_)) => return Ok(()),
                outcome => outcome?,
            };
            match outcome {
                Outcome::Failed(_) => drop(failed.insert(waiting.job, appearance)),
                _ => drop(failed.remove(&waiting.job)),
            }
            if outcome != Outcome::Busy && !(request.keep && outcome == Outcome::AlreadyDone) {
                told(waiting.job, &outcome);
            }
        }
        clock.sleep(PAUSE);
    }
    Ok(())
}

fn appearance(path: &Path) -> Appearance {
    let meta = path.metadata().ok()?;
    Some((meta.len(), meta.modified().ok()?))
}
