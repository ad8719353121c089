//! Keys that are protected by a passphrase.

use std::fs;

use super::{RESULTS, TABLE};
use crate::sandbox::{Sandbox, path};

/// A sandbox with a computed job. The first line of the file `right` is its passphrase.
fn protected() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    sandbox.write("right", "correct horse\nsecond line\n");
    sandbox.write("wrong", "correct horse \n");
    sandbox.write("blank-line", "\nsecond line\n");
    let arguments = ["init", "--json", "--input", path(&csv), "--server", &sandbox.url(), "--passphrase-file", "right"];
    let created = sandbox.succeed(arguments).json();
    assert_eq!(created["protected"], true);
    sandbox.compute().expect_code(0);
    (sandbox, created["job"].as_str().unwrap().into())
}

#[test]
fn only_the_right_passphrase_opens_the_key() {
    let (sandbox, job) = protected();
    sandbox
        .run(["result", "--passphrase-file", "wrong"])
        .expect_code(5)
        .says(&[&format!("wrong passphrase for the key of job {job}"), "Try again with the right passphrase."]);
    sandbox.run(["result"]).expect_code(5).says(&["is protected by a passphrase", "Give it with --passphrase-file"]);
    sandbox
        .run(["result", "--passphrase"])
        .expect_code(5)
        .says(&["is protected by a passphrase", "Give it with --passphrase-file"]);
    sandbox
        .run(["result", "--passphrase-file", "blank-line"])
        .expect_code(2)
        .says(&["the first line of blank-line is empty"]);
    sandbox.run(["result", "--passphrase-file", "nowhere"]).expect_code(8).says(&["nowhere"]);
    assert!(!sandbox.file("decrypted_results.csv").exists());
    sandbox.succeed(["result", "--passphrase-file", "right"]);
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);
}

#[test]
fn there_is_no_prompt_without_a_terminal() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let arguments = ["init", "--input", path(&csv), "--server", &sandbox.url(), "--passphrase"];
    sandbox
        .run(arguments)
        .expect_code(2)
        .says(&["there is no terminal to ask for the passphrase; use --passphrase-file"]);
    assert_eq!((sandbox.jobs(), sandbox.inbox()), (vec![], vec![]));
}

#[test]
fn the_plan_is_protected_like_the_key() {
    let (sandbox, job) = protected();
    let open = sandbox.init(&sandbox.file("data.csv"));
    let secrets = |job: &str| fs::read(sandbox.state().join("jobs").join(job).join("secrets.hes")).unwrap();
    let reveals = |job: &str| secrets(job).windows(6).any(|window| window == b"height");
    assert!(reveals(&open), "column names are not found where they are not encrypted");
    assert!(!reveals(&job), "column names are readable in a protected job");
    // A protected job can be forgotten without its passphrase.
    sandbox.succeed(["forget", &job]);
    assert_eq!(sandbox.jobs(), [open]);
}
