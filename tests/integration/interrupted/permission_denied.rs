//! Missing file permissions: the error message names the file, and the work continues once access is granted.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hestat::package::JobId;

use crate::sandbox::{CommandOutput, Sandbox, UnprivilegedSandbox, small_table};

const NO_ACCESS: u32 = 0;
const READ_ONLY: u32 = 0o555;

fn unprivileged() -> UnprivilegedSandbox {
    UnprivilegedSandbox::new(Sandbox::with_table(&small_table(500)))
}

/// The only job. Not read through the key store, which does not open the state of other users.
fn only_job(sandbox: &Sandbox) -> JobId {
    let jobs: Vec<JobId> = sandbox.jobs().iter().filter_map(|name| name.parse().ok()).collect();
    let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
    *job
}

/// Runs the command while `path` has this mode. It must fail with this code and name the file `named`.
#[track_caller]
fn assert_denied(
    user: &UnprivilegedSandbox,
    (path, mode): (&Path, u32),
    arguments: &[&str],
    code: i32,
    named: impl AsRef<Path>,
) {
    let before = fs::metadata(path).unwrap().permissions();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let CommandOutput { code: found, stdout, stderr } = user.run(arguments);
    fs::set_permissions(path, before).unwrap();
    let output = stdout + &stderr;
    assert_eq!(found, Some(code), "{output}");
    let named = named.as_ref().display().to_string();
    assert!(output.contains(&named), "{named} is not named: {output}");
    assert!(
        output.contains("denies") || output.matches("denied").count() == 1,
        "the cause is not stated exactly once: {output}"
    );
}

#[test]
fn the_client_names_the_file_that_it_cannot_access() {
    let user = unprivileged();
    let sandbox = &user.sandbox;
    assert_denied(&user, (sandbox.root(), READ_ONLY), &["init"], 8, sandbox.state());
    assert_denied(&user, (&sandbox.table(), NO_ACCESS), &["init"], 3, sandbox.table());
    user.run(&["init"]).expect_code(0);
    let job = only_job(sandbox);
    let jobs = sandbox.state().join("jobs");
    for mode in [READ_ONLY, NO_ACCESS] {
        assert_denied(&user, (&jobs, mode), &["init"], 8, &jobs);
    }
    assert_eq!(only_job(sandbox), job);
    user.run(&["compute"]).expect_code(0);
    let directory = jobs.join(job.to_string());
    assert_denied(&user, (&directory, NO_ACCESS), &["result"], 8, &directory);
    assert_denied(&user, (&directory, READ_ONLY), &["result"], 8, &directory);
    assert_denied(&user, (&sandbox.record(job), NO_ACCESS), &["result"], 8, sandbox.record(job));
    assert_denied(&user, (&sandbox.secrets(job), NO_ACCESS), &["result"], 8, sandbox.secrets(job));
    assert_denied(&user, (&sandbox.work(), READ_ONLY), &["result"], 8, sandbox.results());
    assert!(!sandbox.results().exists());
    user.run(&["result"]).expect_code(0);
}

#[test]
fn the_server_names_the_file_that_it_cannot_access() {
    let user = unprivileged();
    let sandbox = &user.sandbox;
    let data = sandbox.server();
    assert_denied(&user, (&data, READ_ONLY), &["init"], 17, &data);
    let job = only_job(sandbox);
    let resume = ["init", "--resume", &job.to_string()];
    assert_denied(&user, (&data, NO_ACCESS), &resume, 17, &data);
    user.run(&resume).expect_code(0);

    let inbox = data.join("inbox");
    let dataset = PathBuf::from(format!("inbox/{job}/dataset.hes"));
    assert_denied(&user, (&inbox, NO_ACCESS), &["compute"], 8, &inbox);
    assert_denied(&user, (&inbox.join(job.to_string()), NO_ACCESS), &["compute"], 10, &dataset);
    assert_denied(&user, (&sandbox.dataset(job), NO_ACCESS), &["compute"], 10, &dataset);
    // The failed runs have created it to report their failure.
    fs::remove_dir_all(data.join("outbox")).unwrap();
    assert_denied(&user, (&data, READ_ONLY), &["compute"], 10, format!("outbox/{job}"));
    user.run(&["compute"]).expect_code(0);

    for path in [&data.join(format!("outbox/{job}")), &sandbox.totals(job)] {
        assert_denied(&user, (path, NO_ACCESS), &["result"], 17, sandbox.totals(job));
    }
    user.run(&["result"]).expect_code(0);
}
