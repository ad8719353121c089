//! SIGKILL of the client, of the server or of both, at any moment: what was there is there, whole, and it goes on.

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::customer::{Customer, assert_clear, run};
use super::expected;
use super::many::rounds;
use super::proxy::Ports;
use super::weather::Dice;
use crate::sandbox::{Sandbox, TestServer, entries, path};
use crate::site::small_table;

/// 5.6 MB of ciphertext, so that each step takes a while.
const ROWS: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Client,
    Server,
    Both,
}

/// A server that can be killed.
struct Ward {
    served: TestServer,
    ports: Ports,
    customer: Customer,
    expected: Vec<u8>,
    /// All totals that were ever seen, by job.
    totals: HashMap<String, Vec<u8>>,
    /// How long an undisturbed `init` takes, and a `result` that follows at once.
    longest: [Duration; 2],
}

impl Ward {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let expected = expected(&sandbox, &small_table(ROWS));
        let ports = Ports::free();
        let served = TestServer::listen(sandbox, ports.listen_address(), &[&ports.option()]);
        let customer = Customer::new(&served, ports.listen_address()).with("HESTAT_RETRIES", "1");
        let start = Instant::now();
        let job = customer.send(&served.sandbox, "table.csv");
        let init = start.elapsed();
        assert!(customer.fetch(&served.sandbox, &job) == expected);
        let longest = [init, start.elapsed().saturating_sub(init)];
        Self { served, ports, customer, expected, totals: HashMap::new(), longest }
    }

    /// Kills during `init`, and sees that the job goes on or was never there.
    fn round_of_init(&mut self, victim: Victim, dice: &mut Dice) -> bool {
        let known = self.served.sandbox.jobs();
        let init = self.customer.init(&self.served.sandbox, "table.csv");
        let struck = self.strike(init, victim, self.longest[0], dice);
        let new = self.served.sandbox.jobs().into_iter().find(|job| !job.starts_with('.') && !known.contains(job));
        let job = match new {
            Some(job) => self.resume(&job),
            None => self.customer.send(&self.served.sandbox, "table.csv"),
        };
        self.finish(&job);
        struck
    }

    /// Kills while the job is computed and fetched.
    fn round_of_result(&mut self, victim: Victim, dice: &mut Dice) -> bool {
        let job = self.customer.send(&self.served.sandbox, "table.csv");
        let result = self.customer.result(&self.served.sandbox, &job);
        let struck = self.strike(result, victim, self.longest[1], dice);
        if let Ok(found) = fs::read(self.served.sandbox.file("out.csv")) {
            assert!(found == self.expected, "these statistics or the last job's, whole");
        }
        self.finish(&job);
        struck
    }

    /// Kills at a moment of the `longest` time that the command takes; whether it came in time. The server is there again
    /// afterwards, and sometimes before the client gives up.
    fn strike(&mut self, mut command: Command, victim: Victim, longest: Duration, dice: &mut Dice) -> bool {
        let mut client = command.stdin(Stdio::null()).spawn().unwrap();
        // The sleep is the test's input, not its way to wait for something.
        thread::sleep(longest.mul_f64(dice.roll(1000) as f64 / 1000.0));
        let in_time = client.try_wait().unwrap().is_none();
        if victim != Victim::Client {
            self.kill_server();
            if dice.roll(2) == 0 {
                self.start_server();
            }
        }
        if victim != Victim::Server {
            client.kill().unwrap();
        }
        let output = client.wait_with_output().unwrap();
        assert!(victim != Victim::Server || output.status.signal().is_none(), "{output:?}");
        if output.status.code().is_some_and(|code| code != 0) {
            assert_clear(&output.into());
        }
        self.start_server();
        in_time
    }

    fn kill_server(&mut self) {
        self.served.kill();
        self.see_whole_files();
    }

    /// On the same port and with the same state, unless it runs.
    fn start_server(&mut self) {
        self.served.start_again(&[&self.ports.option()]);
    }

    /// Every file under a final name verifies, and no totals have changed. While no server runs.
    fn see_whole_files(&mut self) {
        for (folder, name) in [("inbox", "dataset.hes"), ("outbox", "totals.hes")] {
            let folder = self.served.at(folder);
            for job in entries(&folder) {
                let file = folder.join(&job).join(name);
                if file.exists() {
                    self.served.sandbox.run(["inspect", path(&file)]).expect_code(0);
                }
                if let Ok(bytes) = fs::read(folder.join(&job).join("totals.hes")) {
                    let first = self.totals.entry(job).or_insert_with(|| bytes.clone());
                    assert!(*first == bytes, "computed twice into different totals");
                }
            }
        }
    }

    /// Goes on with the upload, unless it was complete.
    fn resume(&self, job: &str) -> String {
        let ended = run(&mut self.customer.command(&self.served.sandbox, &["init", "--json", "--resume", job]));
        assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
        assert!(ended.code == Some(0) || ended.stderr.contains("is already on the server"), "{ended:?}");
        job.to_owned()
    }

    /// The exact statistics, and then nothing is left of the job.
    fn finish(&mut self, job: &str) {
        let found = self.customer.fetch(&self.served.sandbox, job);
        assert!(found == self.expected);
        self.kill_server();
        assert!(self.totals.contains_key(job), "its totals were seen");
        self.start_server();
        run(&mut self.customer.command(&self.served.sandbox, &["forget", job])).expect_code(0);
        assert!(!self.served.at(format!("outbox/{job}")).exists());
        assert!(!self.served.sandbox.inbox().iter().any(|name| name == job));
        fs::remove_file(self.served.sandbox.file("out.csv")).unwrap();
    }
}

/// So many rounds, half of them in each phase; most kills must come before the command's end.
fn kill(victim: Victim, count: usize) {
    let in_time = AtomicUsize::new(0);
    rounds(count, 2, Ward::new, |ward, seed| {
        let mut dice = Dice(seed);
        let hit = match dice.roll(2) {
            0 => ward.round_of_init(victim, &mut dice),
            _ => ward.round_of_result(victim, &mut dice),
        };
        in_time.fetch_add(usize::from(hit), Ordering::SeqCst);
    });
    let in_time = in_time.into_inner();
    assert!(count < 4 || in_time >= count / 4, "only {in_time} of {count} were killed in time");
}

#[test]
fn a_killed_client_leaves_no_job_or_one_that_goes_on() {
    kill(Victim::Client, 20);
}

#[test]
fn a_killed_server_goes_on_where_it_was() {
    kill(Victim::Server, 20);
}

#[test]
fn client_and_server_killed_at_once_go_on() {
    kill(Victim::Both, 20);
}
