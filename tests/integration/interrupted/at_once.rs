//! Two processes at the same work.

use std::fs;
use std::process::{Child, Stdio};

use crate::site::{Answered, Ran, Site, small_table};

fn begin(site: &Site, arguments: &[&str]) -> Child {
    let mut command = site.hestat(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn two_computes_give_each_job_its_only_totals() {
    let site = Site::new(&small_table(20_000));
    let jobs: Vec<_> = (0..10).map(|_| site.init()).collect();
    site.run(["compute", "--keep"]).done();
    let alone: Vec<_> = jobs.iter().map(|job| fs::read(site.totals(*job)).unwrap()).collect();
    fs::remove_dir_all(site.data().join("outbox")).unwrap();
    let both = [begin(&site, &["compute", "--json"]), begin(&site, &["compute", "--json"])].map(end);
    let computed: usize = both.into_iter().map(|ran| ran.done().stdout.matches("\"computed\"").count()).sum();
    assert_eq!(computed, jobs.len(), "each job by one of them");
    for (job, alone) in jobs.iter().zip(&alone) {
        assert!(fs::read(site.totals(*job)).unwrap() == *alone);
        assert!(!site.dataset(*job).exists());
        site.run(["result", &job.to_string()]).done();
    }
}

#[test]
fn two_results_give_the_same_or_one_of_them_says_busy() {
    let job = Answered::new(Site::sampled(3000));
    for _ in 0..10 {
        job.forget_answers();
        let both = [begin(&job.site, &["result"]), begin(&job.site, &["result"])].map(end);
        let (done, busy): (Vec<_>, Vec<_>) = both.iter().partition(|ran| ran.code == Some(0));
        assert!(!done.is_empty(), "{both:?}");
        for ran in busy {
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), ""), "{ran:?}");
            assert!(ran.stderr.contains("another hestat is working on job"), "{ran:?}");
        }
        assert!(fs::read(job.site.results()).unwrap() == job.results);
    }
}

/// So small that they are mostly making and sweeping folders.
#[test]
fn inits_at_once_make_as_many_jobs() {
    let site = Site::new(&small_table(3));
    for _ in 0..40 {
        let inits: Vec<_> = (0..4).map(|_| begin(&site, &["init", "--quiet"])).collect();
        for init in inits {
            end(init).done();
        }
    }
    let jobs = site.store().list().unwrap();
    assert_eq!(jobs.len(), 160);
    site.run(["compute", "--quiet"]).done();
    for (job, _) in jobs.iter().step_by(40) {
        site.run(["result", &job.to_string()]).done();
    }
}
