//! `hestat compute --watch` survives temporary failures, such as a missing directory.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hestat::foundation::clock::Clock;
use hestat::foundation::observer::{CancelFlag, Observer};
use hestat::foundation::quota::Quota;
use hestat::package::JobId;
use hestat::pipeline::compute::{ComputeRequest, Outcome};
use hestat::pipeline::watch::watch;

use crate::sandbox::{Sandbox, small_table};

/// A clock on which each sleep takes eleven seconds. During each sleep, `on_sleep` runs with the number of sleeps
/// before it.
struct FakeClock<F> {
    sleeps: AtomicU64,
    on_sleep: F,
}

impl<F: Fn(u64) + Sync> Clock for FakeClock<F> {
    fn now(&self) -> u64 {
        self.sleeps.load(Ordering::Relaxed) * 11_000
    }

    fn sleep(&self, _: Duration) {
        (self.on_sleep)(self.sleeps.fetch_add(1, Ordering::Relaxed));
    }
}

/// Watches the server's directory until its only job is computed, for ten sleeps at most. Returns the outcomes.
fn watch_outcomes(data: &Path, on_sleep: impl Fn(u64) + Sync) -> Vec<&'static str> {
    let flag = CancelFlag::default();
    let clock = FakeClock {
        sleeps: AtomicU64::new(0),
        on_sleep: |sleeps| {
            on_sleep(sleeps);
            if sleeps == 10 {
                flag.cancel();
            }
        },
    };
    let mut outcomes = Vec::new();
    let request = ComputeRequest { data: data.into(), keep: false, retry: false, quota: Quota::unlimited() };
    watch(&request, &clock, Observer::null().with_cancel(&flag), |_, outcome| {
        outcomes.push(match outcome {
            Outcome::Computed => "computed",
            Outcome::Failed { .. } => "failed",
            _ => "other",
        });
        if *outcome == Outcome::Computed {
            flag.cancel();
        }
    })
    .unwrap();
    outcomes
}

/// A sandbox with an uploaded job.
fn uploaded() -> (Sandbox, JobId) {
    let sandbox = Sandbox::with_table(&small_table(300));
    let job = sandbox.init_table();
    (sandbox, job)
}

#[test]
fn a_failure_of_the_system_is_retried() {
    let (sandbox, _) = uploaded();
    let outbox = sandbox.server().join("outbox");
    fs::write(&outbox, "a file where a directory should be").unwrap();
    let outcomes = watch_outcomes(&sandbox.server(), |sleeps| {
        if sleeps == 1 {
            fs::remove_file(&outbox).unwrap();
        }
    });
    assert_eq!(outcomes, ["failed", "failed", "computed"]);
}

#[test]
fn a_damaged_dataset_is_not_retried() {
    let (sandbox, job) = uploaded();
    fs::write(sandbox.dataset(job), "damaged").unwrap();
    assert_eq!(watch_outcomes(&sandbox.server(), |_| ()), ["failed"]);
}

#[test]
fn a_missing_inbox_is_computed_when_it_is_back() {
    let (sandbox, _) = uploaded();
    let (data, elsewhere) = (sandbox.server(), sandbox.root().join("elsewhere"));
    let inbox = data.join("inbox");
    fs::rename(&inbox, &elsewhere).unwrap();
    let outcomes = watch_outcomes(&data, |sleeps| match sleeps {
        0 => fs::write(&inbox, "no directory").unwrap(),
        3 => fs::remove_file(&inbox).and_then(|()| fs::rename(&elsewhere, &inbox)).unwrap(),
        _ => {}
    });
    assert_eq!(outcomes, ["computed"]);
}
