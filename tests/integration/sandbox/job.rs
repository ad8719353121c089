//! Jobs of a sandbox: one CSV table, the files that its jobs have on both sides, and what they contain.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hestat::foundation::clock::SystemClock;
use hestat::foundation::observer::Observer;
use hestat::keystore::{Job, KeyStore, KeyStoreError, Phase};
use hestat::package::JobId;
use hestat::pipeline::PipelineError;
use hestat::pipeline::result::{Decrypted, fetch};
use hestat::transfer::Connector;

use super::{Sandbox, path};

impl Sandbox {
    /// A sandbox with this table. Its commands find the table, the server and the results through environment
    /// variables.
    pub(crate) fn with_table(csv: &str) -> Self {
        let mut sandbox = Self::new();
        sandbox.write("table.csv", csv);
        let variables: [(&str, OsString); 4] = [
            ("HESTAT_INPUT", sandbox.table().into()),
            ("HESTAT_OUTPUT", sandbox.results().into()),
            ("HESTAT_DATA", sandbox.server().into()),
            ("HESTAT_SERVER", sandbox.url().into()),
        ];
        sandbox.environment = variables.into();
        sandbox
    }

    /// A sandbox with a synthetic table of sixteen columns, found as by [`Sandbox::with_table`].
    pub(crate) fn with_sample(rows: u64) -> Self {
        let sandbox = Self::with_table("");
        sandbox.succeed(["sample", "--rows", &rows.to_string(), "--output", path(&sandbox.table())]);
        sandbox
    }

    /// The table to encrypt.
    pub(crate) fn table(&self) -> PathBuf {
        self.file("table.csv")
    }

    /// The file that `hestat result` writes.
    pub(crate) fn results(&self) -> PathBuf {
        self.file("decrypted_results.csv")
    }

    pub(crate) fn dataset(&self, job: JobId) -> PathBuf {
        self.server().join(format!("inbox/{job}/dataset.hes"))
    }

    pub(crate) fn totals(&self, job: JobId) -> PathBuf {
        self.server().join(format!("outbox/{job}/totals.hes"))
    }

    pub(crate) fn record(&self, job: JobId) -> PathBuf {
        self.state().join(format!("jobs/{job}/job.json"))
    }

    pub(crate) fn secrets(&self, job: JobId) -> PathBuf {
        self.state().join(format!("jobs/{job}/secrets.hes"))
    }

    pub(crate) fn store(&self) -> KeyStore {
        KeyStore::new(self.state())
    }

    /// Encrypts and uploads the table.
    pub(crate) fn init_table(&self) -> JobId {
        self.succeed(["init"]);
        self.newest_job()
    }

    pub(crate) fn newest_job(&self) -> JobId {
        self.store().find(None).unwrap()
    }

    /// Opens a job in this process; see [`retry_while_busy`].
    pub(crate) fn open_job(&self, job: JobId) -> Result<Job, KeyStoreError> {
        let is_busy = |outcome: &Result<_, _>| matches!(outcome, Err(KeyStoreError::Busy(_)));
        retry_while_busy(|| self.store().open(job), is_busy)
    }

    pub(crate) fn phase(&self, job: JobId) -> Phase {
        self.open_job(job).unwrap().record().phase
    }

    /// Does in this process what `hestat result` does; see [`retry_while_busy`].
    pub(crate) fn fetch_result(&self, job: JobId) -> Result<Decrypted, PipelineError> {
        let (store, connector) = (self.store(), Connector::default());
        let result = || fetch(job, None, &store, &connector, &SystemClock, Observer::null())?.open(None);
        let is_busy = |outcome: &Result<_, _>| matches!(outcome, Err(PipelineError::KeyStore(KeyStoreError::Busy(_))));
        retry_while_busy(result, is_busy)
    }

    /// The results of `hestat run` on the table. Every other way to compute them must give the same bytes.
    pub(crate) fn expected_results(&self) -> Vec<u8> {
        let output = self.file("expected.csv");
        self.succeed(["run", "--output", path(&output)]);
        fs::read(output).unwrap()
    }
}

/// Tries again while a job is locked. Other tests start programs in this process, and between fork and exec these have
/// copies of all open files, and thus of our lock on the job.
fn retry_while_busy<T>(attempt: impl Fn() -> T, is_busy: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let outcome = attempt();
        if !is_busy(&outcome) || Instant::now() >= deadline {
            return outcome;
        }
        std::thread::yield_now();
    }
}

/// A job whose totals the server has computed. After [`ComputedJob::reset`], `hestat result` can run again.
pub(crate) struct ComputedJob {
    pub(crate) sandbox: Sandbox,
    pub(crate) id: JobId,
    pub(crate) dataset: Vec<u8>,
    pub(crate) totals: Vec<u8>,
    /// The file that `hestat result` writes.
    pub(crate) results: Vec<u8>,
    /// The job's record right after the upload.
    record: Vec<u8>,
}

impl ComputedJob {
    /// Encrypts the table of the sandbox and computes its totals.
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        let id = sandbox.init_table();
        let record = fs::read(sandbox.record(id)).unwrap();
        sandbox.succeed(["compute", "--keep"]);
        let (dataset, totals) = (fs::read(sandbox.dataset(id)).unwrap(), fs::read(sandbox.totals(id)).unwrap());
        sandbox.succeed(["result"]);
        let results = fs::read(sandbox.results()).unwrap();
        let job = Self { sandbox, id, dataset, totals, results, record };
        job.reset();
        job
    }

    /// A computed job of [`small_table`].
    pub(crate) fn small(rows: u64) -> Self {
        Self::new(Sandbox::with_table(&small_table(rows)))
    }

    /// Restores the state before the first `hestat result`: the correct totals on the server, and no results.
    pub(crate) fn reset(&self) {
        fs::write(self.sandbox.record(self.id), &self.record).unwrap();
        self.set_totals(&self.totals);
        if self.sandbox.results().exists() {
            fs::remove_file(self.sandbox.results()).unwrap();
        }
    }

    /// Replaces the totals on the server.
    pub(crate) fn set_totals(&self, totals: &[u8]) {
        fs::write(self.sandbox.totals(self.id), totals).unwrap();
    }
}

/// A CSV table of three columns in seven slots: integers, decimals, and flags of which some are missing.
pub(crate) fn small_table(rows: u64) -> String {
    let mut csv = String::from("count,price,flag\n");
    for row in 0..rows {
        let flag = if row % 5 == 0 { String::new() } else { (row % 2).to_string() };
        writeln!(csv, "{},{}.{:02},{flag}", row * 7919 % 101, row * 104_729 % 997, row % 100).unwrap();
    }
    csv
}
