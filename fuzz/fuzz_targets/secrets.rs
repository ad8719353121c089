//! A job's secrets as they are read back from a disk, behind a right digest so that the rest is reached.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use hestat::keystore::{JobRecord, KeyStore, KeyStoreError, Phase};
use hestat::package::frame::VERSION;
use hestat::package::{Digest, JobId};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static STATE: LazyLock<State> = LazyLock::new(State::new);

/// A key store of one job.
struct State {
    directory: TempDir,
    job: JobId,
}

impl State {
    fn new() -> Self {
        let state =
            Self { directory: tempfile::tempdir().expect("a temporary folder"), job: JobId::from_bytes([1; 16]) };
        fs::create_dir_all(state.folder()).expect("a folder for the job");
        let store = KeyStore::new(state.directory.path());
        assert!(store.open(state.job).is_err());
        fs::write(state.folder().join("job.json"), state.record()).expect("room for a record");
        assert!(store.open(state.job).is_ok());
        state
    }

    fn folder(&self) -> PathBuf {
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
        let mut record = serde_json::to_value(&record).expect("a record is JSON");
        record["format"] = VERSION.into();
        record.to_string().into_bytes()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let sealed = [bytes, blake3::hash(bytes).as_bytes()].concat();
    fs::write(STATE.folder().join("secrets.hes"), sealed).expect("room for secrets");
    let job = KeyStore::new(STATE.directory.path()).open(STATE.job).expect("the job is there");
    if let Err(error) = job.secrets(None) {
        assert!(matches!(error, KeyStoreError::LostKey { .. } | KeyStoreError::PassphraseNeeded(_) | KeyStoreError::OtherVersion { .. }), "{error}");
    }
});
