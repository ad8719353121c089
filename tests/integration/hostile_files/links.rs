//! Symbolic links that others create below the server's directory: nothing is read, written or removed through them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use hestat::package::JobId;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::mutation::{set_job, with_digest};
use crate::sandbox::{CommandOutput, ComputedJob, snapshot};

/// A job whose dataset is in the inbox, and a directory outside of the server's directory.
struct Linked {
    job: ComputedJob,
    outside: PathBuf,
}

/// The job whose directory contains a link.
fn other() -> JobId {
    JobId::from_bytes([7; 16])
}

/// The dataset of `job` under the name of `other`, with a correct digest.
fn dataset_of(job: &ComputedJob, other: JobId) -> Vec<u8> {
    let mut dataset = job.dataset.clone();
    set_job(&mut dataset, other);
    with_digest(dataset)
}

impl Linked {
    fn new() -> Self {
        let job = ComputedJob::small(300);
        let outside = job.sandbox.root().join("outside");
        fs::create_dir(&outside).unwrap();
        for (name, content) in [("totals.hes", "totals"), ("status.json", "status"), (".hestat-file", "temporary")] {
            fs::write(outside.join(name), content).unwrap();
        }
        fs::write(outside.join("dataset.hes"), dataset_of(&job, other())).unwrap();
        fs::remove_dir_all(job.sandbox.server().join("outbox")).unwrap();
        Self { job, outside }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.job.sandbox.server().join(name)
    }

    /// Puts a copy of the valid dataset into the inbox, as that of `job`.
    fn upload(&self, job: JobId) {
        fs::create_dir_all(self.at(&format!("inbox/{job}"))).unwrap();
        fs::write(self.job.sandbox.dataset(job), dataset_of(&self.job, job)).unwrap();
    }

    fn link(&self, to: &Path, name: &str) {
        symlink(to, self.at(name)).unwrap();
    }

    /// Runs `hestat compute`, which must not change the files outside.
    #[track_caller]
    fn compute(&self) -> CommandOutput {
        let before = snapshot(&self.outside);
        let output = self.job.sandbox.run(["compute"]);
        assert_eq!(snapshot(&self.outside), before, "{output:?}");
        output
    }

    /// Fails unless the totals of the job without links are correct.
    #[track_caller]
    fn assert_computed(&self) {
        let totals = fs::read(self.job.sandbox.totals(self.job.id)).unwrap();
        assert!(totals == self.job.totals, "the totals of the job without links are wrong");
    }
}

#[test]
fn an_inbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    fs::rename(linked.at("inbox"), linked.outside.join("inbox")).unwrap();
    let inbox = linked.outside.join("inbox");
    linked.link(&inbox, "inbox");
    let dataset = inbox.join(linked.job.id.to_string()).join("dataset.hes");
    let output = linked.compute();
    assert_eq!(output.code, Some(8), "{output:?}");
    assert!(output.stderr.contains("inbox") && output.stderr.contains("link"), "{output:?}");
    assert!(fs::read(dataset).unwrap() == linked.job.dataset);
    assert!(!linked.at("outbox").exists());
}

#[test]
fn a_directory_in_the_inbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.link(&linked.outside, &format!("inbox/{}", other()));
    let output = linked.compute().expect_code(0);
    assert!(!output.stdout.contains(&other().to_string()), "{output:?}");
    linked.assert_computed();
}

#[test]
fn a_dataset_that_is_a_link_is_not_read() {
    let linked = Linked::new();
    fs::create_dir(linked.at(&format!("inbox/{}", other()))).unwrap();
    linked.link(&linked.outside.join("dataset.hes"), &format!("inbox/{}/dataset.hes", other()));
    linked.compute().expect_code(0);
    linked.assert_computed();
    assert!(!linked.job.sandbox.totals(other()).exists(), "a dataset was read through a link");
}

#[test]
fn an_outbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.link(&linked.outside, "outbox");
    let output = linked.compute();
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(output.stdout.contains("link"), "{output:?}");
    assert!(linked.job.sandbox.dataset(linked.job.id).exists());
    fs::remove_file(linked.at("outbox")).unwrap();
    linked.compute().expect_code(0);
    linked.assert_computed();
}

#[test]
fn a_directory_in_the_outbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.upload(other());
    fs::create_dir(linked.at("outbox")).unwrap();
    linked.link(&linked.outside, &format!("outbox/{}", other()));
    let output = linked.compute();
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(output.stdout.contains(&format!("job {} failed", other())) && output.stdout.contains("link"), "{output:?}");
    linked.assert_computed();
}

/// The server owns these names, so it replaces the links with files.
#[test]
fn files_in_the_outbox_that_are_links_are_replaced() {
    for name in ["totals.hes", "status.json", ".hestat-file", ".hestat-directory"] {
        let linked = Linked::new();
        linked.upload(other());
        fs::create_dir_all(linked.at(&format!("outbox/{}", other()))).unwrap();
        let target = if name.ends_with("directory") { linked.outside.clone() } else { linked.outside.join(name) };
        linked.link(&target, &format!("outbox/{}/{name}", other()));
        linked.compute().expect_code(0);
        linked.assert_computed();
        let directory = linked.at(&format!("outbox/{}", other()));
        let left = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap());
        let mut left: Vec<_> = left.map(|entry| (entry.file_name(), entry.file_type().unwrap().is_file())).collect();
        left.sort();
        assert_eq!(left, [("status.json".into(), true), ("totals.hes".into(), true)], "{name}");
    }
}

#[test]
fn records_of_attempts_that_are_links_are_not_followed() {
    let linked = Linked::new();
    linked.link(&linked.outside, ".hestat-attempts");
    let output = linked.compute();
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(output.stdout.contains(".hestat-attempts: symbolic links are not followed"), "{output:?}");
    fs::remove_file(linked.at(".hestat-attempts")).unwrap();
    fs::create_dir(linked.at(".hestat-attempts")).unwrap();
    linked.link(&linked.outside.join("status.json"), &format!(".hestat-attempts/{}", linked.job.id));
    linked.compute().expect_code(0);
    linked.assert_computed();
}

#[test]
fn an_inspected_outbox_that_is_a_link_is_not_counted() {
    let linked = Linked::new();
    fs::remove_dir_all(linked.at("inbox")).unwrap();
    fs::create_dir(linked.at("outbox")).unwrap();
    linked.link(&linked.outside, &format!("outbox/{}", other()));
    let output = linked.compute().expect_code(0);
    assert!(
        output.stdout.starts_with("nothing to compute") && !output.stdout.contains("already computed"),
        "{output:?}"
    );
}

/// A directory and a link are swapped continuously while jobs are computed.
#[test]
fn links_that_appear_while_a_job_is_computed_are_not_followed() {
    for parent in ["inbox", "outbox"] {
        let linked = Linked::new();
        let (directory, link) = (linked.at(&format!("{parent}/{}", other())), linked.at(&format!("{parent}/link")));
        let before = snapshot(&linked.outside);
        for _ in 0..20 {
            linked.upload(other());
            fs::create_dir_all(&directory).unwrap();
            symlink(&linked.outside, &link).unwrap();
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        // Fails after a computed job's directory was removed.
                        let _ = renameat_with(CWD, &directory, CWD, &link, RenameFlags::EXCHANGE);
                    }
                });
                let output = linked.job.sandbox.run(["compute"]);
                over.store(true, Ordering::Relaxed);
                assert!(!output.stderr.contains("panicked"), "{output:?}");
            });
            assert_eq!(snapshot(&linked.outside), before, "{parent}");
            for path in [&directory, &link] {
                let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
            }
        }
    }
}
