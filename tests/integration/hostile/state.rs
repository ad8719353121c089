//! A client's own files, spoilt: by a failing disk, a careless copy, or somebody who may write there.

use std::fs;
use std::path::Path;

use hestat::keystore::KeyStoreError;
use hestat::package::JobId;
use hestat::package::frame::VERSION;
use proptest::prelude::*;

use super::mutation::{DATASET_SHAPE, Mutation, any_change, any_mutation, sealed};
use super::outcomes::Outcomes;
use crate::site::{Answered, Ran, Site, small_table};

fn job() -> Answered {
    Answered::new(Site::new(&small_table(100)))
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

fn secrets_error(site: &Site, job: JobId) -> KeyStoreError {
    site.open(job).unwrap().secrets(None).unwrap_err()
}

fn assert_unusable(site: &Site, words: &str) {
    let Ran { code, stdout, stderr } = site.run(["result", "--quiet"]);
    assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
    assert!(stderr.contains(words), "{words:?} is not in {stderr:?}");
    assert!(!site.results().exists());
}

#[test]
fn spoilt_secrets_are_a_lost_key() {
    let Answered { site, job, .. } = job();
    let path = site.secrets(job);
    let secrets = fs::read(&path).unwrap();
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_mutation())| {
        let spoilt = change.of(&secrets, DATASET_SHAPE);
        prop_assume!(spoilt != secrets);
        fs::write(&path, &spoilt).unwrap();
        let error = secrets_error(&site, job);
        prop_assert!(matches!(error, KeyStoreError::LostKey { .. }), "{:?}", error);
        // An attacker who can write a correct digest can write any secrets. Reading them must still do no harm.
        fs::write(&path, sealed(spoilt)).unwrap();
        match site.open(job).unwrap().secrets(None) {
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
fn the_program_tells_how_secrets_are_lost() {
    let Answered { site, job, .. } = job();
    let path = site.secrets(job);
    let secrets = fs::read(&path).unwrap();
    let spoilt = |change: Mutation| sealed(change.of(&secrets, DATASET_SHAPE));
    let with_job = |number: u8| {
        let mut bytes = secrets.clone();
        super::mutation::rename(&mut bytes, JobId::from_bytes([number; 16]));
        sealed(bytes)
    };
    for (bytes, words) in [
        (spoilt(Mutation::Version(1)), "was made by another version of hestat"),
        (spoilt(Mutation::Kind(1)), "is lost"),
        (with_job(9), "that of another job"),
        (vec![], "is damaged"),
        (secrets[..secrets.len() - 1].to_vec(), "is damaged"),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_unusable(&site, words);
    }
    fs::remove_file(&path).unwrap();
    assert_unusable(&site, "is lost");
    fs::write(&path, secrets).unwrap();
    site.run(["result"]).done();
}

/// The first version kept a check of its own in place of the digest of the only right answer, and did not name its format in
/// the record.
#[test]
fn jobs_of_the_first_version_are_refused_before_anything_is_asked_for_and_can_be_forgotten() {
    let Answered { site, job, .. } = job();
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(site.record(job)).unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("format");
    record["phase"] = "spent".into();
    fs::write(site.record(job), record.to_string()).unwrap();
    fs::remove_dir_all(site.data()).unwrap();
    assert_unusable(&site, "was made by another version of hestat (its files have format 1, this version reads 2)");
    let listed = site.run(["jobs"]).done();
    assert!(listed.stdout.contains("was made by another version of hestat"), "{listed:?}");
    let resumed = site.run(["init", "--resume", &job.to_string()]);
    assert_eq!(resumed.code, Some(5), "{resumed:?}");
    fs::create_dir(site.data()).unwrap();
    site.run(["forget", &job.to_string()]).done();
    assert!(!site.record(job).exists() && !site.secrets(job).exists());
}

#[test]
fn a_missing_passphrase_is_missed_before_the_server_is_waited_for() {
    let site = Site::new(&small_table(100));
    let passphrase = site.root().join("passphrase");
    fs::write(&passphrase, "correct horse\n").unwrap();
    Ran::of(site.hestat(["init", "--passphrase-file"]).arg(&passphrase)).done();
    fs::remove_dir_all(site.data()).unwrap();
    assert_unusable(&site, "protected by a passphrase");
}

#[test]
fn sealed_secrets_open_to_their_passphrase_only() {
    let site = Site::new(&small_table(100));
    let (right, wrong) = (site.root().join("right"), site.root().join("wrong"));
    fs::write(&right, "correct horse\n").unwrap();
    fs::write(&wrong, "battery staple\n").unwrap();
    Ran::of(site.hestat(["init", "--passphrase-file"]).arg(&right)).done();
    site.run(["compute"]).done();
    assert_unusable(&site, "protected by a passphrase");
    let ask = |file: &Path| Ran::of(site.hestat(["result", "--passphrase-file"]).arg(file));
    assert_passphrase_wrong(&ask(&wrong));
    let path = site.secrets(site.newest());
    let secrets = fs::read(&path).unwrap();
    let mut spoilt = secrets.clone();
    let middle = secrets.len() / 2;
    spoilt[middle] ^= 1;
    fs::write(&path, sealed(spoilt)).unwrap();
    assert_passphrase_wrong(&ask(&right));
    fs::write(&path, secrets).unwrap();
    ask(&right).done();
}

fn assert_passphrase_wrong(ran: &Ran) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), ""), "{ran:?}");
    assert!(ran.stderr.contains("the passphrase does not open the key"), "{ran:?}");
}

#[test]
fn a_spoilt_record_is_damaged_or_still_that_of_its_job() {
    let Answered { site, job, .. } = job();
    let path = site.record(job);
    let record = fs::read(&path).unwrap();
    let outcomes = Outcomes::default();
    proptest!(config(), |(change in any_change())| {
        fs::write(&path, change.of(&record, DATASET_SHAPE)).unwrap();
        match site.open(job) {
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
fn the_program_tells_how_a_record_is_damaged_and_forgets_it() {
    let Answered { site, job, .. } = job();
    let path = site.record(job);
    let record = fs::read_to_string(&path).unwrap();
    let other = JobId::from_bytes([7; 16]).to_string();
    for (text, words) in [
        (String::new(), "is damaged"),
        (format!("{{\"format\": {VERSION}}}"), "missing field"),
        (record.replace("\"format\": ", "\"format\": 7"), "made by another version"),
        (record.replace("\"format\": ", "\"format\": 7777777"), "is damaged"),
        (record[..record.len() / 2].into(), "is damaged"),
        (record.replace(&job.to_string(), &other), "that of job 0707"),
        (record.replace("uploaded", "believed"), "unknown variant"),
        (record.replace("file://", "gopher://"), "gopher"),
    ] {
        assert_ne!(text, record);
        fs::write(&path, text).unwrap();
        assert_unusable(&site, words);
        site.run(["jobs"]).done();
    }
    site.run(["forget", &job.to_string()]).done();
    assert_unusable(&site, "there is no job");
    let named = site.run(["result", &job.to_string()]);
    assert!(named.code == Some(5) && named.stderr.contains("was forgotten"), "{named:?}");
}
