//! SIGKILL of the client, the server or both at any moment: files stay whole, and the job can be resumed.

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{TestClient, assert_network_error};
use super::expected;
use super::fault_plan::SeededRng;
use super::proxy::Ports;
use super::seeded_rounds::rounds;
use crate::programs::run;
use crate::sandbox::{Sandbox, TestServer, entries, path, small_table};

/// 5.6 MB of ciphertext, so that each step takes a while.
const ROWS: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Client,
    Server,
    Both,
}

/// A server that can be killed and restarted.
struct KillableServer {
    served: TestServer,
    ports: Ports,
    client: TestClient,
    expected: Vec<u8>,
    /// All totals seen so far, by job.
    totals: HashMap<String, Vec<u8>>,
    /// How long an undisturbed `init` takes, and a `result` right after it.
    longest: [Duration; 2],
}

impl KillableServer {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let expected = expected(&sandbox, &small_table(ROWS));
        let ports = Ports::free();
        let served = TestServer::listen(sandbox, ports.listen_address(), &[&ports.option()]);
        let client = TestClient::new(&served, ports.listen_address()).with("HESTAT_RETRIES", "1");
        let start = Instant::now();
        let job = client.send(&served.sandbox, "table.csv");
        let init = start.elapsed();
        assert!(client.fetch(&served.sandbox, &job) == expected);
        let longest = [init, start.elapsed().saturating_sub(init)];
        Self { served, ports, client, expected, totals: HashMap::new(), longest }
    }

    /// Kills during `init`. Checks that the job can be resumed or was never created.
    fn kill_during_init(&mut self, victim: Victim, rng: &mut SeededRng) -> bool {
        let known = self.served.sandbox.jobs();
        let init = self.client.init(&self.served.sandbox, "table.csv");
        let in_time = self.kill_during(init, victim, self.longest[0], rng);
        let new = self.served.sandbox.jobs().into_iter().find(|job| !job.starts_with('.') && !known.contains(job));
        let job = match new {
            Some(job) => self.resume(&job),
            None => self.client.send(&self.served.sandbox, "table.csv"),
        };
        self.finish(&job);
        in_time
    }

    /// Kills while the job is computed and its result fetched.
    fn kill_during_result(&mut self, victim: Victim, rng: &mut SeededRng) -> bool {
        let job = self.client.send(&self.served.sandbox, "table.csv");
        let result = self.client.result(&self.served.sandbox, &job);
        let in_time = self.kill_during(result, victim, self.longest[1], rng);
        if let Ok(found) = fs::read(self.served.sandbox.file("out.csv")) {
            assert!(found == self.expected, "incomplete or wrong statistics");
        }
        self.finish(&job);
        in_time
    }

    /// Kills at a random moment within `longest`, the command's usual duration. Returns whether the client was still
    /// running. The server runs again afterwards, sometimes before the client gives up.
    fn kill_during(&mut self, mut command: Command, victim: Victim, longest: Duration, rng: &mut SeededRng) -> bool {
        let mut client = command.stdin(Stdio::null()).spawn().unwrap();
        // The sleep is the test's input; it does not wait for a condition.
        thread::sleep(longest.mul_f64(rng.below(1000) as f64 / 1000.0));
        let in_time = client.try_wait().unwrap().is_none();
        if victim != Victim::Client {
            self.kill_server();
            if rng.below(2) == 0 {
                self.start_server();
            }
        }
        if victim != Victim::Server {
            client.kill().unwrap();
        }
        let output = client.wait_with_output().unwrap();
        assert!(victim != Victim::Server || output.status.signal().is_none(), "{output:?}");
        if output.status.code().is_some_and(|code| code != 0) {
            assert_network_error(&output.into());
        }
        self.start_server();
        in_time
    }

    fn kill_server(&mut self) {
        self.served.kill();
        self.check_files();
    }

    /// Starts the server on the same port with the same state, unless it is running.
    fn start_server(&mut self) {
        self.served.start_again(&[&self.ports.option()]);
    }

    /// Checks that every file under a final name verifies and that no totals have changed. Call while no server is
    /// running.
    fn check_files(&mut self) {
        for (directory, name) in [("inbox", "dataset.hes"), ("outbox", "totals.hes")] {
            let directory = self.served.at(directory);
            for job in entries(&directory) {
                let file = directory.join(&job).join(name);
                if file.exists() {
                    self.served.sandbox.run(["inspect", path(&file)]).expect_code(0);
                }
                if let Ok(bytes) = fs::read(directory.join(&job).join("totals.hes")) {
                    let first = self.totals.entry(job).or_insert_with(|| bytes.clone());
                    assert!(*first == bytes, "computed twice into different totals");
                }
            }
        }
    }

    /// Resumes the upload, unless it was complete.
    fn resume(&self, job: &str) -> String {
        let output = run(&mut self.client.command(&self.served.sandbox, &["init", "--json", "--resume", job]));
        assert!(matches!(output.code, Some(0 | 4)), "{output:?}");
        assert!(output.code == Some(0) || output.stderr.contains("is already on the server"), "{output:?}");
        job.to_owned()
    }

    /// Checks that the statistics are exact, then that `forget` removes all files of the job.
    fn finish(&mut self, job: &str) {
        let found = self.client.fetch(&self.served.sandbox, job);
        assert!(found == self.expected);
        self.kill_server();
        assert!(self.totals.contains_key(job), "the server has no totals of job {job}");
        self.start_server();
        run(&mut self.client.command(&self.served.sandbox, &["forget", job])).expect_code(0);
        assert!(!self.served.at(format!("outbox/{job}")).exists());
        assert!(!self.served.sandbox.inbox().iter().any(|name| name == job));
        fs::remove_file(self.served.sandbox.file("out.csv")).unwrap();
    }
}

/// Runs `count` rounds, about half in each phase. At least a quarter of the kills must hit a running client.
fn run_kill_rounds(victim: Victim, count: usize) {
    let in_time = AtomicUsize::new(0);
    rounds(count, 2, KillableServer::new, |server, seed| {
        let mut rng = SeededRng(seed);
        let hit = match rng.below(2) {
            0 => server.kill_during_init(victim, &mut rng),
            _ => server.kill_during_result(victim, &mut rng),
        };
        in_time.fetch_add(usize::from(hit), Ordering::SeqCst);
    });
    let in_time = in_time.into_inner();
    assert!(count < 4 || in_time >= count / 4, "only {in_time} of {count} were killed in time");
}

#[test]
fn a_killed_client_leaves_no_job_or_one_that_can_be_resumed() {
    run_kill_rounds(Victim::Client, 20);
}

#[test]
fn a_killed_server_resumes_where_it_stopped() {
    run_kill_rounds(Victim::Server, 20);
}

#[test]
fn client_and_server_killed_at_once_recover() {
    run_kill_rounds(Victim::Both, 20);
}
