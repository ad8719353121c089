//! `hestat jobs`: the table of jobs, and the next step for each.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{RESULTS, TABLE};
use crate::sandbox::{Sandbox, path};

/// The line of a job in the table.
fn line(sandbox: &Sandbox, job: &str) -> String {
    let table = sandbox.succeed(["jobs"]).stdout;
    let line = table.lines().find(|line| line.trim_start().starts_with(job));
    line.unwrap_or_else(|| panic!("no job {job} in {table}")).to_owned()
}

/// A second job shows that the commands are about the first one: without an ID, they use the newest job or none.
#[test]
fn the_next_command_of_each_phase_works() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let inbox = sandbox.server().join("inbox");
    fs::write(&inbox, "not a directory").unwrap();
    sandbox.run(["init", path(&csv), "--server", &sandbox.url()]).expect_code(6);
    fs::remove_file(&inbox).unwrap();
    let job = sandbox.jobs().concat();
    let newest = sandbox.init(&sandbox.write("other.csv", "v\n5\n"));
    for (phase, command) in
        [("not uploaded", "hestat init --resume"), ("on the server", "hestat result"), ("decrypted", "hestat forget")]
    {
        let line = line(&sandbox, &job);
        let command = format!("{command} {job}");
        assert!(line.contains(phase) && line.contains(&command), "no {phase:?} or {command:?} in {line}");
        sandbox.succeed(command.split(' ').skip(1));
        sandbox.compute().expect_code(0);
    }
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);
    assert_eq!(sandbox.jobs(), [newest]);
}

#[test]
fn only_jobs_that_cannot_be_decrypted_should_be_forgotten() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    let record = sandbox.state().join("jobs").join(&job).join("job.json");
    let set_mode = |mode| fs::set_permissions(&record, fs::Permissions::from_mode(mode)).unwrap();
    let unreadable = || {
        let line = line(&sandbox, &job);
        assert!(line.contains("unreadable") && line.contains("see below"), "{line}");
        sandbox.succeed(["jobs"]).stdout
    };
    set_mode(0o666);
    let writable = unreadable();
    assert!(writable.contains("other users can write to") && writable.contains("chmod go-w"), "{writable}");
    assert!(!writable.contains("hestat forget"), "{writable}");
    set_mode(0o600);
    fs::write(&record, "{").unwrap();
    let damaged = unreadable();
    assert!(damaged.contains(&format!("the record of job {job} is damaged")), "{damaged}");
    assert!(damaged.contains(&format!("hestat forget {job}")), "{damaged}");
    sandbox.succeed(["forget", &job]);
    assert_eq!(sandbox.jobs(), Vec::<String>::new());
}
