//! A client and a server in one temporary folder, and the program run on them.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use hestat::foundation::clock::SystemClock;
use hestat::foundation::observer::Observer;
use hestat::keystore::{Job, KeyStore, KeyStoreError, Phase};
use hestat::package::JobId;
use hestat::pipeline::PipelineError;
use hestat::pipeline::result::{Decrypted, fetch};
use hestat::transfer::Connector;
use tempfile::TempDir;

use crate::sandbox::usual_root;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hestat");

/// A client's state, a server's directory and a table.
pub(crate) struct Site {
    root: TempDir,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Insists that the command did its work.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Site {
    /// With this CSV.
    pub(crate) fn new(csv: &str) -> Self {
        let site = Self { root: usual_root() };
        fs::create_dir(site.data()).unwrap();
        fs::write(site.table(), csv).unwrap();
        site
    }

    /// With a synthetic table of sixteen columns.
    pub(crate) fn sampled(rows: u64) -> Self {
        let site = Self::new("");
        Ran::of(site.hestat(["sample", "--rows", &rows.to_string(), "--output"]).arg(site.table())).done();
        site
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.root().join("table.csv")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("server")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root().join("client")
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.root().join("decrypted_results.csv")
    }

    pub(crate) fn dataset(&self, job: JobId) -> PathBuf {
        self.data().join(format!("inbox/{job}/dataset.hes"))
    }

    pub(crate) fn totals(&self, job: JobId) -> PathBuf {
        self.data().join(format!("outbox/{job}/totals.hes"))
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

    /// The program, knowing from its environment where everything lies.
    pub(crate) fn hestat<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(PROGRAM);
        self.tell_where(&mut command);
        command.args(arguments);
        command
    }

    /// Gives `command` an environment of nothing but this site's places.
    pub(crate) fn tell_where(&self, command: &mut Command) {
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HESTAT_INPUT", self.table()).env("HESTAT_STATE", self.state()).env("HESTAT_DATA", self.data());
        command.env("HESTAT_OUTPUT", self.results()).env("HESTAT_SERVER", format!("file://{}", self.data().display()));
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(&mut self.hestat(arguments))
    }

    /// Encrypts and uploads the table.
    pub(crate) fn init(&self) -> JobId {
        self.run(["init"]).done();
        self.newest()
    }

    pub(crate) fn newest(&self) -> JobId {
        self.store().find(None).unwrap()
    }

    /// Opens a job in this process, in which other tests start programs: until such a program has begun it has copies of
    /// all open files, of our lock on the job too.
    pub(crate) fn open(&self, job: JobId) -> Result<Job, KeyStoreError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.store().open(job) {
                Err(KeyStoreError::Busy(_)) if Instant::now() < deadline => std::thread::yield_now(),
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn phase(&self, job: JobId) -> Phase {
        self.open(job).unwrap().record().phase
    }

    /// `hestat result`, in this process; tried again as [`Site::open`] is.
    pub(crate) fn result_here(&self, job: JobId) -> Result<Decrypted, PipelineError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = fetch(job, None, &self.store(), &Connector::default(), &SystemClock, Observer::null());
            match answer.and_then(|answer| answer.open(None)) {
                Err(PipelineError::KeyStore(KeyStoreError::Busy(_))) if Instant::now() < deadline => {
                    std::thread::yield_now();
                }
                outcome => return outcome,
            }
        }
    }

    /// What `hestat run` makes of the table: the statistics that every other way must give, byte by byte.
    pub(crate) fn expected_results(&self) -> Vec<u8> {
        let output = self.root().join("expected.csv");
        Ran::of(self.hestat(["run", "--output"]).arg(&output)).done();
        fs::read(output).unwrap()
    }
}

/// A job whose answer is there, and all that is needed to begin its end again and again.
pub(crate) struct Answered {
    pub(crate) site: Site,
    pub(crate) job: JobId,
    pub(crate) dataset: Vec<u8>,
    pub(crate) totals: Vec<u8>,
    /// What `result` writes.
    pub(crate) results: Vec<u8>,
    record: Vec<u8>,
}

impl Answered {
    pub(crate) fn new(site: Site) -> Self {
        let job = site.init();
        let record = fs::read(site.record(job)).unwrap();
        site.run(["compute", "--keep"]).done();
        let (dataset, totals) = (fs::read(site.dataset(job)).unwrap(), fs::read(site.totals(job)).unwrap());
        site.run(["result"]).done();
        let results = fs::read(site.results()).unwrap();
        let answered = Self { site, job, dataset, totals, results, record };
        answered.forget_answers();
        answered
    }

    /// Sets the job back: no answer was ever seen, and none was written down.
    pub(crate) fn forget_answers(&self) {
        fs::write(self.site.record(self.job), &self.record).unwrap();
        fs::write(self.site.totals(self.job), &self.totals).unwrap();
        if self.site.results().exists() {
            fs::remove_file(self.site.results()).unwrap();
        }
    }

    /// The server answers this from now on.
    pub(crate) fn answer(&self, totals: &[u8]) {
        fs::write(self.site.totals(self.job), totals).unwrap();
    }
}

/// Three columns in seven slots: integers, decimals, and ones with gaps.
pub(crate) fn small_table(rows: u64) -> String {
    let mut csv = String::from("count,price,flag\n");
    for row in 0..rows {
        let flag = if row % 5 == 0 { String::new() } else { (row % 2).to_string() };
        writeln!(csv, "{},{}.{:02},{flag}", row * 7919 % 101, row * 104_729 % 997, row % 100).unwrap();
    }
    csv
}
