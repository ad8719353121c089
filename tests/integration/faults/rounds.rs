//! Whole jobs under faults of every kind: each ends in the exact statistics.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::client::TestClient;
use super::expected;
use super::fault_plan::{Channel, ConnectionLengths, Ending, Fault, FaultPlan, FaultProfile, ScheduledFault};
use super::proxy::{Ports, Proxy};
use super::seeded_rounds::rounds;
use crate::programs::run;
use crate::sandbox::{CommandOutput, Sandbox, TestServer, small_table, wait_until};

/// 168 kB of ciphertext: more than a program reads in one call.
const ROWS: u64 = 3000;

/// Rounds that run at the same time; most of them wait.
const AT_ONCE: usize = 5;

/// A server behind a proxy.
struct ProxiedServer {
    served: TestServer,
    proxy: Proxy,
    client: TestClient,
    expected: Vec<u8>,
    connection_lengths: ConnectionLengths,
}

impl ProxiedServer {
    /// Starts server and proxy, and runs one job without faults to measure its connections.
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let expected = expected(&sandbox, &small_table(ROWS));
        let ports = Ports::free();
        let proxy = Proxy::start(&ports);
        let served = TestServer::listen(sandbox, ports.listen_address(), &[&ports.option()]);
        let client = TestClient::new(&served, proxy.address());
        let job = client.send(&served.sandbox, "table.csv");
        assert!(client.fetch(&served.sandbox, &job) == expected, "without faults");
        let connection_lengths = proxy.connection_lengths();
        Self { served, proxy, client, expected, connection_lengths }
    }

    /// Runs one whole job. Returns the number of faults injected.
    fn round(&self, profile: FaultProfile, seed: u64) -> u64 {
        let before = self.proxy.fault_count();
        let client = self.client.clone().with("HESTAT_RETRIES", &(seed % 4).to_string());
        self.proxy.set_fault_plan(FaultPlan::new(profile, seed, self.connection_lengths));
        let job = client.send(&self.served.sandbox, "table.csv");
        self.proxy.set_fault_plan(FaultPlan::new(profile, !seed, self.connection_lengths));
        let found = client.fetch(&self.served.sandbox, &job);
        assert!(found == self.expected);
        self.proxy.fault_count() - before
    }
}

/// Runs a command of a client that retries once, with one fault on its data connection.
#[track_caller]
fn run_with_fault(
    server: &ProxiedServer,
    fault: Fault,
    after: u64,
    command: impl Fn(&TestClient) -> Command,
) -> CommandOutput {
    let client = server.client.clone().with("HESTAT_RETRIES", "1");
    server.proxy.set_fault_plan(FaultPlan::only(Channel::Data, Some(ScheduledFault { after, fault })));
    let before = server.proxy.fault_count();
    let output = run(&mut command(&client)).expect_code(0);
    assert_eq!(server.proxy.fault_count() - before, 1);
    output
}

/// When the last byte has been written, the socket buffers still hold data that a slow connection takes a while to
/// deliver.
#[test]
fn a_slow_connection_is_not_taken_for_a_dead_one() {
    let server = ProxiedServer::new();
    run_with_fault(&server, Fault::Slow(100_000), 0, |client| client.init(&server.served.sandbox, "table.csv"));
}

/// The server does not notice a dead connection, not even its end, and still waits for data when the client reconnects.
/// The default number of attempts must suffice.
#[test]
fn an_upload_resumes_while_the_server_waits_on_the_dead_connection() {
    let server = ProxiedServer::new();
    let client = server.client.clone().with("HESTAT_RETRIES", "5");
    // During the handshake and after it.
    for after in [300, 50_000] {
        let dead = ScheduledFault { after, fault: Fault::Stall(Duration::from_secs(20)) };
        server.proxy.set_fault_plan(FaultPlan::only(Channel::Data, Some(dead)));
        run(&mut client.init(&server.served.sandbox, "table.csv")).expect_code(0);
    }
}

/// A cut costs one attempt wherever it occurs, and the user need not repeat anything.
#[test]
fn one_retry_recovers_from_one_cut() {
    let server = ProxiedServer::new();
    for ending in [Ending::Close, Ending::Reset] {
        for after in [0, 1, 500, 3000, 20_000, 30_000] {
            let fault = Fault::Cut(ending);
            let output =
                run_with_fault(&server, fault, after, |client| client.init(&server.served.sandbox, "table.csv"));
            let created = output.json();
            let job = created["job"].as_str().unwrap();
            server.proxy.set_fault_plan(FaultPlan::without_faults());
            wait_until("the totals", || server.served.at(format!("outbox/{job}/totals.hes")).exists());
            run_with_fault(&server, fault, after, |client| client.result(&server.served.sandbox, job));
            assert!(fs::read(server.served.sandbox.file("out.csv")).unwrap() == server.expected);
        }
    }
}

/// Runs `count` jobs under this fault profile.
fn jobs_in(profile: FaultProfile, count: usize) {
    let (done, faults) = (AtomicU64::new(0), AtomicU64::new(0));
    rounds(count, AT_ONCE, ProxiedServer::new, |server, seed| {
        faults.fetch_add(server.round(profile, seed), Ordering::SeqCst);
        done.fetch_add(1, Ordering::SeqCst);
    });
    let (done, faults) = (done.into_inner(), faults.into_inner());
    assert!(done == 1 || faults >= done / 2, "only {faults} faults in {done} rounds");
}

#[test]
fn connections_cut_at_any_byte() {
    jobs_in(FaultProfile::Cuts, 30);
}

#[test]
fn data_connections_lost_while_the_control_connection_stays() {
    jobs_in(FaultProfile::DataCuts, 20);
}

#[test]
fn control_connections_lost_while_the_data_connection_stays() {
    jobs_in(FaultProfile::ControlCuts, 20);
}

#[test]
fn outages_of_all_connections() {
    jobs_in(FaultProfile::Outages, 15);
}

#[test]
fn connections_that_stall_for_longer_than_a_client_waits() {
    jobs_in(FaultProfile::Stalls, 10);
}

#[test]
fn slow_connections() {
    jobs_in(FaultProfile::Slow, 10);
}

#[test]
fn mixed_faults() {
    jobs_in(FaultProfile::Mixed, 20);
}
