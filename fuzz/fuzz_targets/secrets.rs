//! The secrets of a job, as read from disk. The digest is correct, so that the parser gets beyond it.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use hestat::keystore::{JobRecord, KeyStore, KeyStoreError, Phase};
use hestat::package::hes_file::VERSION;
use hestat::package::{Digest, JobId};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static STATE: LazyLock<State> = LazyLock::new(State::new);

/// A key store with one job.
struct State {
    directory: TempDir,
    job: JobId,
}

impl State {
    fn new() -> Self {
        let state =
            Self { directory: tempfile::tempdir().expect("a temporary directory"), job: JobId::from_bytes([1; 16]) };
        fs::create_dir_all(state.job_directory()).expect("a directory for the job");
        let store = KeyStore::new(state.directory.path());
        assert!(store.open(state.job).is_err());
        fs::write(state.job_directory().join("job.json"), state.record()).expect("the record is writable");
        assert!(store.open(state.job).is_ok());
        state
    }

    fn job_directory(&self) -> PathBuf {
        self.directory.path().join("jobs").join(self.job.to_string())
    }

    fn record(&self) -> Vec<u8> {
        let record = JobRecord {
            job: self.job,
            created: 0,
            server: "file:///".into(),
            dataset: Digest([0; 32]),
            dataset_bytes: 0,
            rows: 1,
            columns: 1,
            slots: 1,
            protected: false,
            phase: Phase::Uploaded,
        };
        let mut record = serde_json::to_value(&record).expect("a record is valid JSON");
        record["format"] = VERSION.into();
        record.to_string().into_bytes()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let file = [bytes, blake3::hash(bytes).as_bytes()].concat();
    fs::write(STATE.job_directory().join("secrets.hes"), file).expect("the secrets are writable");
    let job = KeyStore::new(STATE.directory.path()).open(STATE.job).expect("the job exists");
    if let Err(error) = job.secrets(None) {
        assert!(matches!(error, KeyStoreError::LostKey { .. } | KeyStoreError::PassphraseNeeded(_) | KeyStoreError::OtherVersion { .. }), "{error}");
    }
});
