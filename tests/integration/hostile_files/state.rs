//! Files of the client that were corrupted by a failing disk, an incomplete copy or a user with write access.

use std::fs;
use std::path::Path;

use hestat::keystore::KeyStoreError;
use hestat::package::JobId;
use hestat::package::hes_file::VERSION;
use proptest::prelude::*;

use super::mutation::{DATASET_SHAPE, Mutation, any_change, any_mutation, with_digest};
use super::outcomes::Outcomes;
use crate::sandbox::{CommandOutput, ComputedJob, Sandbox, path, small_table};

fn job() -> ComputedJob {
    ComputedJob::small(100)
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn secrets_error(sandbox: &Sandbox, job: JobId) -> KeyStoreError {
    sandbox.open_job(job).unwrap().secrets(None).unwrap_err()
}

fn assert_unusable(sandbox: &Sandbox, text: &str) {
    let CommandOutput { code, stdout, stderr } = sandbox.run(["result", "--quiet"]);
    assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
    assert!(stderr.contains(text), "{text:?} is not in {stderr:?}");
    assert!(!sandbox.results().exists());
}

#[test]
fn corrupted_secrets_are_reported_as_a_lost_key() {
    let ComputedJob { sandbox, id: job, .. } = job();
    let file = sandbox.secrets(job);
    let secrets = fs::read(&file).unwrap();
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation())| {
        let corrupted = change.apply(&secrets, DATASET_SHAPE);
        prop_assume!(corrupted != secrets);
        fs::write(&file, &corrupted).unwrap();
        let error = secrets_error(&sandbox, job);
        prop_assert!(matches!(error, KeyStoreError::LostKey { .. }), "{:?}", error);
        // An attacker who can write a correct digest can write any secrets. Reading them must still do no harm.
        fs::write(&file, with_digest(corrupted)).unwrap();
        match sandbox.open_job(job).unwrap().secrets(None) {
            Ok(_) => outcomes.accept(),
            Err(
                KeyStoreError::LostKey { .. }
                | KeyStoreError::PassphraseNeeded(_)
                | KeyStoreError::OtherVersion { .. },
            ) => outcomes.refuse(),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    });
    outcomes.assert_both();
}

#[test]
fn the_program_reports_why_secrets_are_lost() {
    let ComputedJob { sandbox, id: job, .. } = job();
    let file = sandbox.secrets(job);
    let secrets = fs::read(&file).unwrap();
    let corrupted = |change: Mutation| with_digest(change.apply(&secrets, DATASET_SHAPE));
    let with_job = |number: u8| {
        let mut bytes = secrets.clone();
        super::mutation::set_job(&mut bytes, JobId::from_bytes([number; 16]));
        with_digest(bytes)
    };
    for (bytes, text) in [
        (corrupted(Mutation::Version(1)), "was made by another version of hestat"),
        (corrupted(Mutation::Kind(1)), "is lost"),
        (with_job(9), "belongs to another job"),
        (vec![], "is damaged"),
        (secrets[..secrets.len() - 1].to_vec(), "is damaged"),
    ] {
        fs::write(&file, bytes).unwrap();
        assert_unusable(&sandbox, text);
    }
    fs::remove_file(&file).unwrap();
    assert_unusable(&sandbox, "is lost");
    fs::write(&file, secrets).unwrap();
    sandbox.succeed(["result"]);
}

/// The first version stored another check instead of the digest of the correct totals, and no format number in the
/// record.
#[test]
fn jobs_of_the_first_version_are_refused_before_any_request_and_can_be_forgotten() {
    let ComputedJob { sandbox, id: job, .. } = job();
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(sandbox.record(job)).unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("format");
    record["phase"] = "spent".into();
    fs::write(sandbox.record(job), record.to_string()).unwrap();
    fs::remove_dir_all(sandbox.server()).unwrap();
    assert_unusable(&sandbox, "was made by another version of hestat (its files have format 1, this version reads 2)");
    let listed = sandbox.succeed(["jobs"]);
    assert!(listed.stdout.contains("was made by another version of hestat"), "{listed:?}");
    sandbox.run(["init", "--resume", &job.to_string()]).expect_code(5);
    fs::create_dir(sandbox.server()).unwrap();
    sandbox.succeed(["forget", &job.to_string()]);
    assert!(!sandbox.record(job).exists() && !sandbox.secrets(job).exists());
}

#[test]
fn a_missing_passphrase_is_reported_before_the_server_is_contacted() {
    let sandbox = Sandbox::with_table(&small_table(100));
    let passphrase = sandbox.write("passphrase", "correct horse\n");
    sandbox.succeed(["init", "--passphrase-file", path(&passphrase)]);
    fs::remove_dir_all(sandbox.server()).unwrap();
    assert_unusable(&sandbox, "protected by a passphrase");
}

#[test]
fn protected_secrets_open_with_their_passphrase_only() {
    let sandbox = Sandbox::with_table(&small_table(100));
    let (right, wrong) = (sandbox.write("right", "correct horse\n"), sandbox.write("wrong", "battery staple\n"));
    sandbox.succeed(["init", "--passphrase-file", path(&right)]);
    sandbox.succeed(["compute"]);
    assert_unusable(&sandbox, "protected by a passphrase");
    let result = |passphrase: &Path| sandbox.run(["result", "--passphrase-file", path(passphrase)]);
    assert_wrong_passphrase(&result(&wrong));
    let file = sandbox.secrets(sandbox.newest_job());
    let secrets = fs::read(&file).unwrap();
    let mut corrupted = secrets.clone();
    let middle = secrets.len() / 2;
    corrupted[middle] ^= 1;
    fs::write(&file, with_digest(corrupted)).unwrap();
    assert_wrong_passphrase(&result(&right));
    fs::write(&file, secrets).unwrap();
    result(&right).expect_code(0);
}

fn assert_wrong_passphrase(output: &CommandOutput) {
    assert_eq!((output.code, output.stdout.as_str()), (Some(5), ""), "{output:?}");
    assert!(output.stderr.contains("wrong passphrase for the key"), "{output:?}");
}

#[test]
fn a_corrupted_record_is_damaged_or_still_belongs_to_its_job() {
    let ComputedJob { sandbox, id: job, .. } = job();
    let file = sandbox.record(job);
    let record = fs::read(&file).unwrap();
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_change())| {
        fs::write(&file, change.apply(&record, DATASET_SHAPE)).unwrap();
        match sandbox.open_job(job) {
            Ok(opened) => {
                prop_assert_eq!(opened.record().job, job);
                outcomes.accept();
            }
            Err(KeyStoreError::DamagedRecord { job: named, .. } | KeyStoreError::OtherVersion { job: named, .. }) => {
                prop_assert_eq!(named, job);
                outcomes.refuse();
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    });
    outcomes.assert_both();
}

#[test]
fn the_program_reports_how_a_record_is_damaged_and_forgets_it() {
    let ComputedJob { sandbox, id: job, .. } = job();
    let file = sandbox.record(job);
    let record = fs::read_to_string(&file).unwrap();
    let other = JobId::from_bytes([7; 16]).to_string();
    for (damaged, text) in [
        (String::new(), "is damaged"),
        (format!("{{\"format\": {VERSION}}}"), "missing field"),
        (record.replace("\"format\": ", "\"format\": 7"), "made by another version"),
        (record.replace("\"format\": ", "\"format\": 7777777"), "is damaged"),
        (record[..record.len() / 2].into(), "is damaged"),
        (record.replace(&job.to_string(), &other), "belongs to job 0707"),
        (record.replace("uploaded", "believed"), "unknown variant"),
        (record.replace("file://", "gopher://"), "gopher"),
    ] {
        assert_ne!(damaged, record);
        fs::write(&file, damaged).unwrap();
        assert_unusable(&sandbox, text);
        sandbox.succeed(["jobs"]);
    }
    sandbox.succeed(["forget", &job.to_string()]);
    assert_unusable(&sandbox, "there is no job");
    sandbox.run(["result", &job.to_string()]).expect_code(5).says(&["was forgotten"]);
}
