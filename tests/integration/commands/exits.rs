//! The exit codes that --help lists, and their messages. The tests of 0 and 3 are everywhere else, those of 130 in `leftovers`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hestat::keystore::KeyStore;

use super::TABLE;
use crate::house::{Ended, House, entries, path};

/// A house with one job that is computed.
fn computed() -> (House, String) {
    let house = House::new();
    let job = house.init(&house.write("data.csv", TABLE));
    house.compute().expect_code(0);
    (house, job)
}

fn flip_byte(file: &Path, position: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[position] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn invalid_usage_is_2() {
    let house = House::new();
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
        let ended = house.run(arguments).expect_code(2);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("--help") || arguments.is_empty(), "{}", ended.stderr);
    }
}

#[test]
fn results_do_not_replace_the_table() {
    let (house, _) = computed();
    let table = house.file("data.csv");
    for arguments in [["run", "--input"], ["result", "--check"]] {
        let arguments = [arguments[0], arguments[1], path(&table), "--output", path(&table)];
        house.run(arguments).expect_code(2).says(&["is the CSV file that is read"]);
    }
    for arguments in [["run", "--input"], ["result", "--check"]] {
        let mut command = house.command([arguments[0], arguments[1], "-", "--output", path(&table)]);
        let ended: Ended = command.stdin(fs::File::open(&table).unwrap()).output().unwrap().into();
        ended.expect_code(2).says(&["is the CSV file that is read"]);
    }
    assert_eq!(house.read("data.csv"), TABLE);
}

#[test]
fn an_empty_name_matches_no_job() {
    let (house, job) = computed();
    for arguments in [&["forget", ""][..], &["init", "--resume", ""]] {
        house.run(arguments).expect_code(5).says(&["hestat jobs"]);
    }
    assert!(house.run(["jobs"]).expect_code(0).stdout.contains(&job));
}

#[test]
fn not_ready_is_4() {
    let house = House::new();
    let job = house.init(&house.write("data.csv", TABLE));
    let early = house.run(["result"]).expect_code(4);
    early.says(&[&format!("the result of job {job} is not ready yet"), "hestat compute", "hestat result --wait"]);
    house.run(["result", "--wait", "--timeout", "0"]).expect_code(4);
    house
        .run(["init", "--resume", &job])
        .expect_code(4)
        .says(&["is already on the server", &format!("hestat result {job}")]);
    assert!(!house.file("decrypted_results.csv").exists());
}

#[test]
fn an_unusable_job_is_5_with_a_message_for_each_cause() {
    let house = House::new();
    let mut messages = vec![house.run(["result"]).expect_code(5).says(&["there is no job in", "hestat init"]).stderr];
    let csv = house.write("data.csv", TABLE);
    let job = house.init(&csv);
    messages.push(
        house.run(["result", "nosuch"]).expect_code(5).says(&["there is no job nosuch", "hestat jobs lists"]).stderr,
    );
    house.compute().expect_code(0);
    fs::remove_file(house.state().join("jobs").join(&job).join("secrets.hes")).unwrap();
    messages.push(house.run(["result"]).expect_code(5).says(&["the key of job", "is lost", "hestat forget"]).stderr);
    house.succeed(["forget", &job]);
    messages.push(house.run(["result", &job]).expect_code(5).says(&["was forgotten", "Encrypt the data again"]).stderr);
    let job = house.init(&csv);
    fs::write(house.state().join("jobs").join(&job).join("job.json"), "{").unwrap();
    messages.push(
        house.run(["result", &job]).expect_code(5).says(&["the record of job", "is damaged", "hestat forget"]).stderr,
    );
    house.succeed(["forget", &job]);
    // By the pigeonhole principle two of seventeen names begin with the same digit.
    let names: Vec<String> = (0..17).map(|_| house.init(&csv)).collect();
    let twice = names
        .iter()
        .map(|name| &name[..1])
        .find(|digit| names.iter().filter(|name| name.starts_with(digit)).count() > 1);
    messages.push(
        house.run(["result", twice.unwrap()]).expect_code(5).says(&["is the beginning of", "hestat jobs"]).stderr,
    );
    let held = KeyStore::new(house.state()).open(names[0].parse().unwrap()).unwrap();
    let busy = house.run(["result", &names[0]]).expect_code(5);
    messages.push(busy.says(&["another hestat is working on job", "Wait for the other command"]).stderr);
    drop(held);
    let distinct: std::collections::HashSet<_> = messages.iter().collect();
    assert_eq!(distinct.len(), messages.len(), "{messages:#?}");
}

#[test]
fn an_unusable_server_is_6() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let nowhere = format!("{}/nowhere", house.url());
    house.run(["init", "--input", path(&csv), "--server", &nowhere]).expect_code(11).says(&[
        "cannot reach the server at",
        &nowhere,
        "--server",
    ]);
    assert_eq!(house.jobs(), Vec::<String>::new());
    let job = house.init(&csv);
    fs::remove_dir_all(house.server().join("inbox")).unwrap();
    house.run(["result"]).expect_code(6).says(&[&format!("has no files of job {job}"), "Check that the server"]);
}

#[test]
fn a_refused_answer_is_7_and_prints_nothing() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let (first, second) = (house.init(&csv), house.init(&csv));
    house.compute().expect_code(0);
    // The answer to another job with the same data.
    let totals = |job: &str| house.server().join("outbox").join(job).join("totals.hes");
    let honest = fs::read(totals(&second)).unwrap();
    fs::copy(totals(&first), totals(&second)).unwrap();
    let words = ["is not the sum of what was uploaded", "nothing was decrypted", "Do not trust this server"];
    let refused = house.run(["result", &second]).expect_code(7).says(&words);
    assert!(refused.stdout.is_empty() && !house.file("decrypted_results.csv").exists());
    assert_eq!(house.run(["result", &second]).expect_code(7).stderr, refused.stderr);
    house.succeed(["result", &first]);
    // As the advice says, a correct answer is accepted later.
    fs::write(totals(&second), honest).unwrap();
    house.succeed(["result", &second]);
}

#[test]
fn unusable_local_paths_are_8() {
    let (house, _) = computed();
    house.run(["compute", "--data", "nowhere"]).expect_code(8).says(&["nowhere", "Check the path"]);
    let nowhere = house.run(["inspect", "nowhere"]).expect_code(8).says(&["cannot use nowhere: No such file"]);
    assert_eq!(nowhere.stderr.matches("No such file").count(), 1, "{}", nowhere.stderr);
    house.run(["inspect", "."]).expect_code(8);
    house.run(["result", "--output", "nowhere/out.csv"]).expect_code(8).says(&["nowhere/out.csv"]);
    house.run(["sample", "--output", "nowhere/out.csv"]).expect_code(8);
    house.run(["result", "--output", "."]).expect_code(8);
    // The result is not lost.
    house.succeed(["result"]);
}

#[test]
fn damaged_and_unknown_files_are_9() {
    let (house, job) = computed();
    let totals = house.server().join("outbox").join(&job).join("totals.hes");
    let whole = fs::read(&totals).unwrap();
    let foreign = house.write("foreign.hes", TABLE);
    house.run(["inspect", path(&foreign)]).expect_code(9).says(&["not a .hes file"]);
    flip_byte(&totals, 5000);
    house.run(["inspect", path(&totals)]).expect_code(9).says(&["digest"]);
    house.run(["result"]).expect_code(9).says(&["arrived damaged", "Nothing was decrypted", "encrypt the data again"]);
    fs::write(&totals, &whole[..whole.len() - 1]).unwrap();
    house.run(["result"]).expect_code(9);
    // The damage was in transit: with the complete file, the result is available.
    fs::write(&totals, whole).unwrap();
    house.succeed(["result"]);
}

#[test]
fn a_job_that_failed_on_the_server_is_10() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let (bad, good) = (house.init(&csv), house.init(&csv));
    let dataset = house.server().join("inbox").join(&bad).join("dataset.hes");
    let last = fs::read(&dataset).unwrap().len() - 40;
    flip_byte(&dataset, last);
    let computed = house.compute().expect_code(10).says(&["1 of 2 jobs failed"]);
    assert!(
        computed.stdout.contains(&format!("job {bad} failed: "))
            && computed.stdout.contains(&format!("job {good} computed"))
    );
    house.run(["result", &bad]).expect_code(10).says(&["could not compute job", "digest"]);
    house.succeed(["result", &good]);
    assert_eq!(entries(&house.server().join("outbox").join(&bad)), ["status.json"]);
}

#[test]
fn different_statistics_are_1() {
    let (house, _) = computed();
    house.write("other.csv", TABLE.replace('9', "8"));
    let ended = house
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
    let json = house.run(["result", "--json", "--check", "other.csv"]).expect_code(1).json();
    assert_eq!(
        json["check"]["differences"][0],
        serde_json::json!({ "column": "weight", "statistic": "sum", "clear": "14", "decrypted": "15" })
    );
    assert_eq!(
        (json["check"]["differences"].as_array().unwrap().len(), &json["check"]["same_file"]),
        (4, &false.into())
    );
    // Other bytes with the same values: a warning, but no difference.
    house.write("same.csv", TABLE.replace('9', "9.0"));
    house.run(["result", "--check", "same.csv"]).expect_code(0).says(&["this is not the CSV file that was encrypted"]);
}

#[test]
fn file_names_may_contain_any_bytes() {
    let house = House::new();
    let name = OsStr::from_bytes(b"caf\xe9.csv");
    fs::write(house.work().join(name), TABLE).unwrap();
    let url = house.url();
    let init = [OsStr::new("init"), OsStr::new("--server"), OsStr::new(&url), OsStr::new("--input"), name];
    house.succeed(init);
    house.run([OsStr::new("inspect"), name]).expect_code(9);
    house.run([OsStr::new("result"), name]).expect_code(2);
}
