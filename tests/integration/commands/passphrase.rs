//! Keys that are protected by a passphrase.

use std::fs;

use super::{FIGURES, TABLE};
use crate::house::{House, path};

/// A house with a computed job. The first line of the file `right` opens its key.
fn protected() -> (House, String) {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    house.write("right", "correct horse\nsecond line\n");
    house.write("wrong", "correct horse \n");
    house.write("empty", "\nsecond line\n");
    let arguments = ["init", "--json", "--input", path(&csv), "--server", &house.url(), "--passphrase-file", "right"];
    let made = house.succeed(arguments).json();
    assert_eq!(made["protected"], true);
    house.compute().expect_code(0);
    (house, made["job"].as_str().unwrap().into())
}

#[test]
fn only_the_right_passphrase_opens_the_key() {
    let (house, job) = protected();
    house
        .run(["result", "--passphrase-file", "wrong"])
        .expect_code(5)
        .says(&[&format!("the passphrase does not open the key of job {job}"), "Try again with the right passphrase."]);
    house.run(["result"]).expect_code(5).says(&["is protected by a passphrase", "Give it with --passphrase-file"]);
    house.run(["result", "--passphrase"]).expect_code(5).says(&["--passphrase-file"]);
    house.run(["result", "--passphrase-file", "empty"]).expect_code(2).says(&["the first line of empty is empty"]);
    house.run(["result", "--passphrase-file", "nowhere"]).expect_code(8).says(&["nowhere"]);
    assert!(!house.file("decrypted_results.csv").exists());
    house.succeed(["result", "--passphrase-file", "right"]);
    assert_eq!(house.read("decrypted_results.csv"), FIGURES);
}

#[test]
fn there_is_no_prompt_without_a_terminal() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let arguments = ["init", "--input", path(&csv), "--server", &house.url(), "--passphrase"];
    house
        .run(arguments)
        .expect_code(2)
        .says(&["there is no terminal to ask for the passphrase; use --passphrase-file"]);
    assert_eq!((house.jobs(), house.inbox()), (vec![], vec![]));
}

#[test]
fn the_plan_is_protected_like_the_key() {
    let (house, job) = protected();
    let open = house.init(&house.file("data.csv"));
    let secrets = |job: &str| fs::read(house.state().join("jobs").join(job).join("secrets.hes")).unwrap();
    let reveals = |job: &str| secrets(job).windows(6).any(|window| window == b"height");
    assert!(reveals(&open) && !reveals(&job), "column names are readable in a protected job");
    // A protected job can be forgotten without its passphrase.
    house.succeed(["forget", &job]);
    assert_eq!(house.jobs(), [open]);
}
