//! Symbolic links that others put below the server's directory: nothing is read, written or removed where they lead.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use hestat::package::JobId;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::mutation::{rename, sealed};
use crate::site::{Answered, Ran, Site, small_table};

/// An answered job whose dataset waits again, and a folder outside of the server's directory.
struct Linked {
    job: Answered,
    outside: PathBuf,
}

/// The job whose folder holds a link.
fn other() -> JobId {
    JobId::from_bytes([7; 16])
}

/// The same dataset as that of another job.
fn dataset_of(answered: &Answered, job: JobId) -> Vec<u8> {
    let mut dataset = answered.dataset.clone();
    rename(&mut dataset, job);
    sealed(dataset)
}

impl Linked {
    fn new() -> Self {
        let job = Answered::new(Site::new(&small_table(300)));
        let outside = job.site.root().join("outside");
        fs::create_dir(&outside).unwrap();
        for (name, content) in [("totals.hes", "totals"), ("status.json", "status"), (".hestat-file", "temporary")] {
            fs::write(outside.join(name), content).unwrap();
        }
        fs::write(outside.join("dataset.hes"), dataset_of(&job, other())).unwrap();
        fs::remove_dir_all(job.site.data().join("outbox")).unwrap();
        Self { job, outside }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.job.site.data().join(name)
    }

    /// A job that waits in the inbox with a dataset that is honest but for its name.
    fn wait(&self, job: JobId) {
        fs::create_dir_all(self.at(&format!("inbox/{job}"))).unwrap();
        fs::write(self.job.site.dataset(job), dataset_of(&self.job, job)).unwrap();
    }

    fn link(&self, to: &Path, name: &str) {
        symlink(to, self.at(name)).unwrap();
    }

    /// All that lies outside, with its content.
    fn found(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(&self.outside).unwrap().map(|entry| entry.unwrap().path());
        let content = |path: &Path| if path.is_dir() { Vec::new() } else { fs::read(path).unwrap() };
        let mut found: Vec<_> = entries.map(|path| (path.display().to_string(), content(&path))).collect();
        found.sort();
        found
    }

    /// Computes; what lies outside must be as it was.
    #[track_caller]
    fn compute(&self) -> Ran {
        let before = self.found();
        let ran = self.job.site.run(["compute"]);
        assert!(self.found() == before, "{ran:?}: {:?}", self.found());
        ran
    }

    /// The honest job's totals are there, whatever lies beside it.
    #[track_caller]
    fn assert_computed(&self) {
        assert!(fs::read(self.job.site.totals(self.job.job)).unwrap() == self.job.totals);
    }
}

#[test]
fn an_inbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    fs::rename(linked.at("inbox"), linked.outside.join("inbox")).unwrap();
    let inbox = linked.outside.join("inbox");
    linked.link(&inbox, "inbox");
    let dataset = inbox.join(linked.job.job.to_string()).join("dataset.hes");
    let ran = linked.compute();
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(ran.stderr.contains("inbox") && ran.stderr.contains("link"), "{ran:?}");
    assert!(fs::read(dataset).unwrap() == linked.job.dataset);
    assert!(!linked.at("outbox").exists());
}

#[test]
fn a_folder_of_the_inbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.link(&linked.outside, &format!("inbox/{}", other()));
    let ran = linked.compute().done();
    assert!(!ran.stdout.contains(&other().to_string()), "{ran:?}");
    linked.assert_computed();
}

#[test]
fn a_dataset_that_is_a_link_is_not_read() {
    let linked = Linked::new();
    fs::create_dir(linked.at(&format!("inbox/{}", other()))).unwrap();
    linked.link(&linked.outside.join("dataset.hes"), &format!("inbox/{}/dataset.hes", other()));
    linked.compute().done();
    linked.assert_computed();
}

#[test]
fn an_outbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.link(&linked.outside, "outbox");
    let ran = linked.compute();
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stdout.contains("link"), "{ran:?}");
    assert!(linked.job.site.dataset(linked.job.job).exists());
    fs::remove_file(linked.at("outbox")).unwrap();
    linked.compute().done();
    linked.assert_computed();
}

#[test]
fn a_folder_of_the_outbox_that_is_a_link_is_not_entered() {
    let linked = Linked::new();
    linked.wait(other());
    fs::create_dir(linked.at("outbox")).unwrap();
    linked.link(&linked.outside, &format!("outbox/{}", other()));
    let ran = linked.compute();
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stdout.contains(&format!("job {} failed", other())) && ran.stdout.contains("link"), "{ran:?}");
    linked.assert_computed();
}

/// Their names are the server's, so files take the place of the links.
#[test]
fn files_of_the_outbox_that_are_links_are_replaced() {
    for name in ["totals.hes", "status.json", ".hestat-file", ".hestat-folder"] {
        let linked = Linked::new();
        linked.wait(other());
        fs::create_dir_all(linked.at(&format!("outbox/{}", other()))).unwrap();
        let target = if name.ends_with("folder") { linked.outside.clone() } else { linked.outside.join(name) };
        linked.link(&target, &format!("outbox/{}/{name}", other()));
        linked.compute().done();
        linked.assert_computed();
        let folder = linked.at(&format!("outbox/{}", other()));
        let left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
        let mut left: Vec<_> = left.map(|entry| (entry.file_name(), entry.file_type().unwrap().is_file())).collect();
        left.sort();
        assert_eq!(left, [("status.json".into(), true), ("totals.hes".into(), true)], "{name}");
    }
}

/// Where attempts are recorded.
#[test]
fn records_of_attempts_that_are_links_are_not_followed() {
    let linked = Linked::new();
    linked.link(&linked.outside, ".hestat-attempts");
    let ran = linked.compute();
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stdout.contains(".hestat-attempts: symbolic links are not followed"), "{ran:?}");
    fs::remove_file(linked.at(".hestat-attempts")).unwrap();
    fs::create_dir(linked.at(".hestat-attempts")).unwrap();
    linked.link(&linked.outside.join("status.json"), &format!(".hestat-attempts/{}", linked.job.job));
    linked.compute().done();
    linked.assert_computed();
}

#[test]
fn an_inspected_outbox_that_is_a_link_is_not_counted() {
    let linked = Linked::new();
    fs::remove_dir_all(linked.at("inbox")).unwrap();
    fs::create_dir(linked.at("outbox")).unwrap();
    linked.link(&linked.outside, &format!("outbox/{}", other()));
    let ran = linked.compute().done();
    assert!(ran.stdout.starts_with("nothing to compute") && !ran.stdout.contains("already computed"), "{ran:?}");
}

/// A folder and a link change places all the time while jobs are computed.
#[test]
fn links_that_come_while_a_job_is_computed_are_not_followed() {
    for place in ["inbox", "outbox"] {
        let linked = Linked::new();
        let (folder, link) = (linked.at(&format!("{place}/{}", other())), linked.at(&format!("{place}/link")));
        let before = linked.found();
        for _ in 0..20 {
            linked.wait(other());
            fs::create_dir_all(&folder).unwrap();
            symlink(&linked.outside, &link).unwrap();
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        // The folder of a job that is done is gone.
                        renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).ok();
                    }
                });
                linked.job.site.run(["compute"]);
                over.store(true, Ordering::Relaxed);
            });
            assert!(linked.found() == before, "{place}: {:?}", linked.found());
            for path in [&folder, &link] {
                fs::remove_file(path).or_else(|_| fs::remove_dir_all(path)).ok();
            }
        }
    }
}
