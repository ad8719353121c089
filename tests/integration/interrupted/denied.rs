//! Doors that are closed: the message says which, and when it is opened all goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use hestat::package::JobId;

use crate::sandbox::entries;
use crate::site::{PROGRAM, Ran, Site, small_table};

/// Somebody whom modes bind, unlike the administrator who may be running these tests.
const NOBODY: u32 = 65_534;

struct Bound {
    site: Site,
    program: PathBuf,
}

impl Bound {
    fn new(site: Site) -> Self {
        let program = site.root().join("hestat");
        // Not by this process: a program that is open for writing here, or in a fork of ours, cannot be run.
        assert!(Command::new("cp").arg(PROGRAM).arg(&program).status().unwrap().success());
        let bound = Self { site, program };
        if bound.is_administrators() {
            for path in [bound.site.root(), &bound.site.data(), &bound.site.table()] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        bound
    }

    fn is_administrators(&self) -> bool {
        fs::metadata(&self.program).unwrap().uid() == 0
    }

    /// The jobs in the state. Not asked of the key store, which reads no state of other users.
    fn jobs(&self) -> Vec<JobId> {
        entries(&self.site.state().join("jobs")).iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// The only one.
    fn job(&self) -> JobId {
        self.jobs()[0]
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(&self.program);
        self.site.tell_where(&mut command);
        if self.is_administrators() {
            command.uid(NOBODY).gid(NOBODY);
        }
        Ran::of(command.args(arguments))
    }

    /// Runs the command while `door` has this mode: it fails with this code and names the place.
    fn assert_stopped_at(&self, door: &Path, mode: u32, arguments: &[&str], code: i32, place: &str) {
        let before = fs::metadata(door).unwrap().permissions();
        fs::set_permissions(door, Permissions::from_mode(mode)).unwrap();
        let ran = self.run(arguments);
        fs::set_permissions(door, before).unwrap();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(place), "{place} is not named: {said}");
        assert!(said.contains("denies") || said.matches("denied").count() == 1, "the cause, once: {said}");
    }
}

const SEALED: u32 = 0;
const READ_ONLY: u32 = 0o555;

#[test]
fn doors_of_the_client_are_named() {
    let bound = Bound::new(Site::new(&small_table(500)));
    let site = &bound.site;
    let shown = |path: PathBuf| path.display().to_string();
    bound.assert_stopped_at(site.root(), READ_ONLY, &["init"], 8, &shown(site.state()));
    bound.assert_stopped_at(&site.table(), SEALED, &["init"], 3, &shown(site.table()));
    bound.run(&["init"]).done();
    let job = bound.job();
    let jobs = site.state().join("jobs");
    for mode in [READ_ONLY, SEALED] {
        bound.assert_stopped_at(&jobs, mode, &["init"], 8, &shown(jobs.clone()));
    }
    assert_eq!(bound.jobs().len(), 1);
    bound.run(&["compute"]).done();
    let own = jobs.join(job.to_string());
    bound.assert_stopped_at(&own, SEALED, &["result"], 8, &shown(own.clone()));
    bound.assert_stopped_at(&own, READ_ONLY, &["result"], 8, &shown(own.clone()));
    bound.assert_stopped_at(&site.record(job), SEALED, &["result"], 8, &shown(site.record(job)));
    bound.assert_stopped_at(&site.secrets(job), SEALED, &["result"], 8, &shown(site.secrets(job)));
    bound.assert_stopped_at(site.root(), READ_ONLY, &["result"], 8, &shown(site.results()));
    assert!(!site.results().exists());
    bound.run(&["result"]).done();
}

#[test]
fn doors_of_the_server_are_named() {
    let bound = Bound::new(Site::new(&small_table(500)));
    let site = &bound.site;
    let data = site.data();
    bound.assert_stopped_at(&data, READ_ONLY, &["init"], 17, &data.display().to_string());
    let job = bound.job();
    let resume = ["init", "--resume", &job.to_string()];
    bound.assert_stopped_at(&data, SEALED, &resume, 17, &data.display().to_string());
    bound.run(&resume).done();

    let dataset = format!("inbox/{job}/dataset.hes");
    bound.assert_stopped_at(&data.join("inbox"), SEALED, &["compute"], 8, &data.join("inbox").display().to_string());
    bound.assert_stopped_at(&data.join(format!("inbox/{job}")), SEALED, &["compute"], 10, &dataset);
    bound.assert_stopped_at(&site.dataset(job), SEALED, &["compute"], 10, &dataset);
    // The computes before have made it, to tell of their failure.
    fs::remove_dir_all(data.join("outbox")).unwrap();
    bound.assert_stopped_at(&data, READ_ONLY, &["compute"], 10, &format!("outbox/{job}"));
    bound.run(&["compute"]).done();

    let folder = data.join(format!("outbox/{job}"));
    for door in [&folder, &site.totals(job)] {
        bound.assert_stopped_at(door, SEALED, &["result"], 17, &site.totals(job).display().to_string());
    }
    bound.run(&["result"]).done();
}
