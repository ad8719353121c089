//! The exit codes that --help lists, and their messages. The tests of 0 and 3 are everywhere else, those of 130 in
//! `leftovers`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hestat::keystore::KeyStore;

use super::TABLE;
use crate::sandbox::{CommandOutput, Sandbox, entries, path};

/// A sandbox with one job that is computed.
fn computed() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    sandbox.compute().expect_code(0);
    (sandbox, job)
}

fn flip_byte(file: &Path, position: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[position] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn invalid_usage_is_2() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["nosuch"][..],
        &[],
        &["init"],
        &["init", "--input", "data.csv"],
        &["init", "--input", "data.csv", "--server", "ftp://server"],
        &["init", "--input", "data.csv", "--server", "file://relative"],
        &["run", "--input", "data.csv", "--statistics", "median"],
        &["run", "--input", "data.csv", "--delimiter", "ab"],
        &["run", "--input", "data.csv", "--header", "maybe"],
        &["result", "--timeout", "5"],
        &["init", "--input", "a", "--server", "file:///s", "--passphrase", "--passphrase-file", "p"],
        &["forget"],
        &["completions", "nosuch"],
        &["sample", "--rows", "-1"],
    ] {
        let ended = sandbox.run(arguments).expect_code(2);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("--help") || arguments.is_empty(), "{}", ended.stderr);
    }
}

#[test]
fn results_do_not_replace_the_table() {
    let (sandbox, _) = computed();
    let table = sandbox.file("data.csv");
    for arguments in [["run", "--input"], ["result", "--check"]] {
        let arguments = [arguments[0], arguments[1], path(&table), "--output", path(&table)];
        sandbox.run(arguments).expect_code(2).says(&["is the CSV file that is read"]);
    }
    for arguments in [["run", "--input"], ["result", "--check"]] {
        let mut command = sandbox.command([arguments[0], arguments[1], "-", "--output", path(&table)]);
        let ended: CommandOutput = command.stdin(fs::File::open(&table).unwrap()).output().unwrap().into();
        ended.expect_code(2).says(&["is the CSV file that is read"]);
    }
    assert_eq!(sandbox.read("data.csv"), TABLE);
}

#[test]
fn an_empty_id_matches_no_job() {
    let (sandbox, job) = computed();
    for arguments in [&["forget", ""][..], &["init", "--resume", ""]] {
        sandbox.run(arguments).expect_code(5).says(&["hestat jobs"]);
    }
    assert!(sandbox.run(["jobs"]).expect_code(0).stdout.contains(&job));
}

#[test]
fn not_ready_is_4() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    let early = sandbox.run(["result"]).expect_code(4);
    early.says(&[
        &format!("the result of job {job} is not ready yet"),
        "hestat compute",
        &format!("hestat result --wait {job}"),
    ]);
    sandbox.run(["result", "--wait", "--timeout", "0"]).expect_code(4);
    sandbox
        .run(["init", "--resume", &job])
        .expect_code(4)
        .says(&["is already on the server", &format!("hestat result {job}")]);
    assert!(!sandbox.file("decrypted_results.csv").exists());
}

#[test]
fn an_unusable_job_is_5_with_a_message_for_each_cause() {
    let sandbox = Sandbox::new();
    let mut messages = vec![sandbox.run(["result"]).expect_code(5).says(&["there is no job in", "hestat init"]).stderr];
    let csv = sandbox.write("data.csv", TABLE);
    let job = sandbox.init(&csv);
    messages.push(
        sandbox.run(["result", "nosuch"]).expect_code(5).says(&["there is no job nosuch", "hestat jobs lists"]).stderr,
    );
    sandbox.compute().expect_code(0);
    fs::remove_file(sandbox.state().join("jobs").join(&job).join("secrets.hes")).unwrap();
    messages.push(sandbox.run(["result"]).expect_code(5).says(&["the key of job", "is lost", "hestat forget"]).stderr);
    sandbox.succeed(["forget", &job]);
    messages
        .push(sandbox.run(["result", &job]).expect_code(5).says(&["was forgotten", "Encrypt the data again"]).stderr);
    let job = sandbox.init(&csv);
    fs::write(sandbox.state().join("jobs").join(&job).join("job.json"), "{").unwrap();
    messages.push(
        sandbox.run(["result", &job]).expect_code(5).says(&["the record of job", "is damaged", "hestat forget"]).stderr,
    );
    sandbox.succeed(["forget", &job]);
    // By the pigeonhole principle two of seventeen IDs begin with the same digit.
    let ids: Vec<String> = (0..17).map(|_| sandbox.init(&csv)).collect();
    let twice = ids.iter().map(|id| &id[..1]).find(|digit| ids.iter().filter(|id| id.starts_with(digit)).count() > 1);
    messages.push(sandbox.run(["result", twice.unwrap()]).expect_code(5).says(&["is ambiguous", "hestat jobs"]).stderr);
    let held = KeyStore::new(sandbox.state()).open(ids[0].parse().unwrap()).unwrap();
    let busy = sandbox.run(["result", &ids[0]]).expect_code(5);
    messages.push(busy.says(&["another hestat is working on job", "Wait for the other command"]).stderr);
    drop(held);
    let distinct: std::collections::HashSet<_> = messages.iter().collect();
    assert_eq!(distinct.len(), messages.len(), "{messages:#?}");
}

#[test]
fn an_unusable_server_is_6() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let nowhere = format!("{}/nowhere", sandbox.url());
    sandbox.run(["init", "--input", path(&csv), "--server", &nowhere]).expect_code(11).says(&[
        "cannot reach the server at",
        &nowhere,
        "--server",
    ]);
    assert_eq!(sandbox.jobs(), Vec::<String>::new());
    let job = sandbox.init(&csv);
    fs::remove_dir_all(sandbox.server().join("inbox")).unwrap();
    sandbox.run(["result"]).expect_code(6).says(&[&format!("has no files of job {job}"), "Check that the server"]);
}

#[test]
fn wrong_totals_are_7_and_print_nothing() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let (first, second) = (sandbox.init(&csv), sandbox.init(&csv));
    sandbox.compute().expect_code(0);
    // The totals of another job with the same data.
    let totals = |job: &str| sandbox.server().join("outbox").join(job).join("totals.hes");
    let correct = fs::read(totals(&second)).unwrap();
    fs::copy(totals(&first), totals(&second)).unwrap();
    let words = ["is not the sum of what was uploaded", "nothing was decrypted", "Do not trust this server"];
    let refused = sandbox.run(["result", &second]).expect_code(7).says(&words);
    assert!(refused.stdout.is_empty() && !sandbox.file("decrypted_results.csv").exists());
    assert_eq!(sandbox.run(["result", &second]).expect_code(7).stderr, refused.stderr);
    sandbox.succeed(["result", &first]);
    // As the next step says, correct totals are accepted later.
    fs::write(totals(&second), correct).unwrap();
    sandbox.succeed(["result", &second]);
}

#[test]
fn unusable_local_paths_are_8() {
    let (sandbox, _) = computed();
    sandbox.run(["compute", "--data", "nowhere"]).expect_code(8).says(&["nowhere", "Check the path"]);
    let nowhere = sandbox.run(["inspect", "nowhere"]).expect_code(8).says(&["cannot use nowhere: No such file"]);
    assert_eq!(nowhere.stderr.matches("No such file").count(), 1, "{}", nowhere.stderr);
    sandbox.run(["inspect", "."]).expect_code(8);
    sandbox.run(["result", "--output", "nowhere/out.csv"]).expect_code(8).says(&["nowhere/out.csv"]);
    sandbox.run(["sample", "--output", "nowhere/out.csv"]).expect_code(8);
    sandbox.run(["result", "--output", "."]).expect_code(8);
    // The result is not lost.
    sandbox.succeed(["result"]);
}

#[test]
fn damaged_and_unknown_files_are_9() {
    let (sandbox, job) = computed();
    let totals = sandbox.server().join("outbox").join(&job).join("totals.hes");
    let whole = fs::read(&totals).unwrap();
    let table = sandbox.write("table.hes", TABLE);
    sandbox.run(["inspect", path(&table)]).expect_code(9).says(&["not a .hes file"]);
    flip_byte(&totals, 5000);
    sandbox.run(["inspect", path(&totals)]).expect_code(9).says(&["digest"]);
    sandbox.run(["result"]).expect_code(9).says(&[
        "arrived damaged",
        "Nothing was decrypted",
        "encrypt the data again",
    ]);
    fs::write(&totals, &whole[..whole.len() - 1]).unwrap();
    sandbox.run(["result"]).expect_code(9);
    // The damage was in transit: with the complete file, the result is available.
    fs::write(&totals, whole).unwrap();
    sandbox.succeed(["result"]);
}

#[test]
fn a_job_that_failed_on_the_server_is_10() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let (bad, good) = (sandbox.init(&csv), sandbox.init(&csv));
    let dataset = sandbox.server().join("inbox").join(&bad).join("dataset.hes");
    let last = fs::read(&dataset).unwrap().len() - 40;
    flip_byte(&dataset, last);
    let computed = sandbox.compute().expect_code(10).says(&["1 of 2 jobs failed"]);
    assert!(
        computed.stdout.contains(&format!("job {bad} failed: "))
            && computed.stdout.contains(&format!("job {good} computed"))
    );
    sandbox.run(["result", &bad]).expect_code(10).says(&["could not compute job", "digest"]);
    sandbox.succeed(["result", &good]);
    assert_eq!(entries(&sandbox.server().join("outbox").join(&bad)), ["status.json"]);
}

#[test]
fn different_statistics_are_1() {
    let (sandbox, _) = computed();
    sandbox.write("other.csv", TABLE.replace('9', "8"));
    let ended = sandbox
        .run(["result", "--check", "other.csv"])
        .expect_code(1)
        .says(&["this is not the CSV file that was encrypted"]);
    assert!(
        ended.stdout.contains("4 of 12 statistics DIFFER from those of the clear data (marked ≠)."),
        "{}",
        ended.stdout
    );
    for marked in ["15 ≠", "5 ≠", "13 ≠", "3.605551275463989 ≠"] {
        assert!(ended.stdout.contains(marked), "no {marked:?} in {}", ended.stdout);
    }
    assert_eq!(ended.stdout.matches('≠').count(), 5);
    let json = sandbox.run(["result", "--json", "--check", "other.csv"]).expect_code(1).json();
    assert_eq!(
        json["check"]["differences"][0],
        serde_json::json!({ "column": "weight", "statistic": "sum", "clear": "14", "decrypted": "15" })
    );
    assert_eq!(
        (json["check"]["differences"].as_array().unwrap().len(), &json["check"]["same_file"]),
        (4, &false.into())
    );
    // Other bytes with the same values: a warning, but no difference.
    sandbox.write("same.csv", TABLE.replace('9', "9.0"));
    sandbox
        .run(["result", "--check", "same.csv"])
        .expect_code(0)
        .says(&["this is not the CSV file that was encrypted"]);
}

#[test]
fn file_names_may_contain_any_bytes() {
    let sandbox = Sandbox::new();
    let name = OsStr::from_bytes(b"caf\xe9.csv");
    fs::write(sandbox.work().join(name), TABLE).unwrap();
    let url = sandbox.url();
    let init = [OsStr::new("init"), OsStr::new("--server"), OsStr::new(&url), OsStr::new("--input"), name];
    sandbox.succeed(init);
    sandbox.run([OsStr::new("inspect"), name]).expect_code(9);
    sandbox.run([OsStr::new("result"), name]).expect_code(2);
}
