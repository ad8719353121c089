//! What else may lie in a server's inbox.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use hestat::package::JobId;

use crate::site::{Answered, Site, small_table};

/// Every path below `folder` and, of files, their content.
fn listing(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.display().to_string(), fs::read(&path).ok()));
        if path.is_dir() && !path.is_symlink() {
            found.extend(listing(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn foreign_things_are_neither_computed_nor_touched() {
    let Answered { site, job, dataset, totals, .. } = Answered::new(Site::new(&small_table(300)));
    let inbox = site.data().join("inbox");
    let honest = fs::read(site.dataset(job)).unwrap();
    fs::remove_dir_all(site.data()).unwrap();
    fs::create_dir_all(&inbox).unwrap();
    let name = |number: u8| JobId::from_bytes([number; 16]).to_string();
    let outside = site.root().join("outside.hes");
    fs::write(&outside, &dataset).unwrap();

    fs::write(inbox.join("README"), "a file among folders").unwrap();
    fs::write(inbox.join(name(1)), "a file with a job's name").unwrap();
    fs::create_dir(inbox.join("not-a-job")).unwrap();
    fs::write(inbox.join("not-a-job/dataset.hes"), &dataset).unwrap();
    fs::create_dir(inbox.join(job.to_string().to_uppercase())).unwrap();
    fs::write(inbox.join(job.to_string().to_uppercase()).join("dataset.hes"), &dataset).unwrap();
    fs::create_dir_all(inbox.join(name(2)).join("dataset.hes")).unwrap();
    fs::create_dir(inbox.join(name(3))).unwrap();
    symlink(&outside, inbox.join(name(3)).join("dataset.hes")).unwrap();
    fs::create_dir(inbox.join(name(4))).unwrap();
    fs::write(inbox.join(name(4)).join("dataset.hes.part"), &dataset).unwrap();
    fs::create_dir(inbox.join(name(5))).unwrap();
    symlink("/", inbox.join("link")).unwrap();
    symlink(inbox.join(name(5)), inbox.join(name(6))).unwrap();
    let before = listing(&inbox);

    assert!(site.run(["compute"]).done().stdout.starts_with("nothing to compute"));
    assert!(listing(&inbox) == before);
    assert!(!site.data().join("outbox").exists());

    fs::create_dir(inbox.join(job.to_string())).unwrap();
    fs::write(site.dataset(job), honest).unwrap();
    site.run(["compute"]).done();
    assert!(fs::read(site.totals(job)).unwrap() == totals);
    assert!(listing(&inbox) == before, "only the honest dataset is gone");
    assert!(fs::read(outside).unwrap() == dataset);
}

#[test]
fn empty_datasets_and_those_of_another_job_fail_alone() {
    let Answered { site, job, dataset, totals, .. } = Answered::new(Site::new(&small_table(300)));
    let (empty, stolen) = (JobId::from_bytes([1; 16]), JobId::from_bytes([2; 16]));
    for (other, bytes) in [(empty, [].as_slice()), (stolen, &dataset)] {
        fs::create_dir(site.dataset(other).parent().unwrap()).unwrap();
        fs::write(site.dataset(other), bytes).unwrap();
    }
    fs::remove_file(site.totals(job)).unwrap();
    let ran = site.run(["compute"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stdout.contains(&format!("job {stolen} failed: ")), "{ran:?}");
    assert!(ran.stdout.contains(&format!("dataset belongs to job {job}")), "{ran:?}");
    assert!(ran.stdout.contains(&format!("job {empty} failed: ")), "{ran:?}");
    assert!(ran.stdout.contains(&format!("job {job} computed")), "{ran:?}");
    assert!(fs::read(site.totals(job)).unwrap() == totals);
    assert!(site.dataset(empty).exists() && site.dataset(stolen).exists(), "what failed is left for its owner");
}

/// A folder of foreign things in the outbox, where a job's totals are to be.
#[test]
fn a_spoilt_outbox_fails_its_job_alone() {
    let Answered { site, job, totals, .. } = Answered::new(Site::new(&small_table(300)));
    let other = {
        site.run(["init"]).done();
        site.newest()
    };
    assert_ne!(other, job);
    fs::remove_dir_all(site.data().join("outbox")).unwrap();
    fs::create_dir(site.data().join("outbox")).unwrap();
    fs::write(site.data().join(format!("outbox/{other}")), "a file where a folder should be").unwrap();
    let ran = site.run(["compute"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(fs::read(site.totals(job)).unwrap() == totals);
}
