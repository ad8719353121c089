//! A watch outlives what passes: a disk that was full, a directory that was away.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hestat::foundation::clock::Clock;
use hestat::foundation::observer::{CancelFlag, Observer};
use hestat::foundation::quota::Quota;
use hestat::pipeline::compute::{ComputeRequest, Outcome};
use hestat::pipeline::watch::watch;

use crate::site::{Site, small_table};

/// Eleven seconds pass at each sleep, and `between` happens, which is told how many there were before.
struct Leaps<F> {
    sleeps: AtomicU64,
    between: F,
}

impl<F: Fn(u64) + Sync> Clock for Leaps<F> {
    fn now(&self) -> u64 {
        self.sleeps.load(Ordering::Relaxed) * 11_000
    }

    fn sleep(&self, _: Duration) {
        (self.between)(self.sleeps.fetch_add(1, Ordering::Relaxed));
    }
}

/// What the watch tells of the one job there until it is computed; it gives up after ten looks.
fn watched(data: &Path, between: impl Fn(u64) + Sync) -> Vec<&'static str> {
    let flag = CancelFlag::default();
    let clock = Leaps {
        sleeps: AtomicU64::new(0),
        between: |sleeps| {
            between(sleeps);
            if sleeps == 10 {
                flag.cancel();
            }
        },
    };
    let mut told = Vec::new();
    let request = ComputeRequest { data: data.into(), keep: false, retry: false, quota: Quota::unlimited() };
    watch(&request, &clock, Observer::null().with_cancel(&flag), |_, outcome| {
        told.push(match outcome {
            Outcome::Computed => "computed",
            Outcome::Failed { .. } => "failed",
            _ => "other",
        });
        if *outcome == Outcome::Computed {
            flag.cancel();
        }
    })
    .unwrap();
    told
}

fn site() -> Site {
    let site = Site::new(&small_table(300));
    site.run(["init"]).done();
    site
}

#[test]
fn what_the_system_refused_is_tried_again() {
    let site = site();
    let outbox = site.data().join("outbox");
    fs::write(&outbox, "in the way").unwrap();
    let told = watched(&site.data(), |sleeps| {
        if sleeps == 1 {
            fs::remove_file(&outbox).unwrap();
        }
    });
    assert_eq!(told, ["failed", "failed", "computed"]);
}

#[test]
fn a_damaged_dataset_is_not_tried_again() {
    let site = site();
    fs::write(site.dataset(site.newest()), "damaged").unwrap();
    assert_eq!(watched(&site.data(), |_| ()), ["failed"]);
}

#[test]
fn a_directory_that_was_away_is_waited_for() {
    let site = site();
    let (data, elsewhere) = (site.data(), site.root().join("elsewhere"));
    let inbox = data.join("inbox");
    fs::rename(&inbox, &elsewhere).unwrap();
    let told = watched(&data, |sleeps| match sleeps {
        0 => fs::write(&inbox, "no directory").unwrap(),
        3 => fs::remove_file(&inbox).and_then(|()| fs::rename(&elsewhere, &inbox)).unwrap(),
        _ => {}
    });
    assert_eq!(told, ["computed"]);
}
