//! Whole jobs through weather of every kind: each ends in the exact statistics.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::customer::{Customer, run};
use super::expected;
use super::many::rounds;
use super::proxy::{Ports, Proxy};
use super::weather::{Channel, Climate, Ending, Fate, Fault, Spans, Weather};
use crate::sandbox::{CommandOutput, Sandbox, TestServer, wait_until};
use crate::site::small_table;

/// 168 kB of ciphertext: some pieces of what any program reads at once.
const ROWS: u64 = 3000;

/// Houses that have their rounds at the same time: most of it is waiting.
const AT_ONCE: usize = 5;

/// A server behind a proxy.
struct Coast {
    served: TestServer,
    proxy: Proxy,
    customer: Customer,
    expected: Vec<u8>,
    spans: Spans,
}

impl Coast {
    /// With one job in calm weather behind it.
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let expected = expected(&sandbox, &small_table(ROWS));
        let ports = Ports::free();
        let proxy = Proxy::start(&ports);
        let served = TestServer::listen(sandbox, ports.listen_address(), &[&ports.option()]);
        let customer = Customer::new(&served, proxy.address());
        let job = customer.send(&served.sandbox, "table.csv");
        assert!(customer.fetch(&served.sandbox, &job) == expected, "in calm weather");
        let spans = proxy.spans();
        Self { served, proxy, customer, expected, spans }
    }

    /// One job from its beginning to its end; returns how many faults there were.
    fn round(&self, climate: Climate, seed: u64) -> u64 {
        let before = self.proxy.struck();
        let customer = self.customer.clone().with("HESTAT_RETRIES", &(seed % 4).to_string());
        self.proxy.set_weather(Weather::new(climate, seed, self.spans));
        let job = customer.send(&self.served.sandbox, "table.csv");
        self.proxy.set_weather(Weather::new(climate, !seed, self.spans));
        let found = customer.fetch(&self.served.sandbox, &job);
        assert!(found == self.expected);
        self.proxy.struck() - before
    }
}

/// The next command of a user who has the least of patience, with one fault on its data connection.
#[track_caller]
fn at_once(coast: &Coast, fault: Fault, after: u64, command: impl Fn(&Customer) -> Command) -> CommandOutput {
    let customer = coast.customer.clone().with("HESTAT_RETRIES", "1");
    coast.proxy.set_weather(Weather::only(Channel::Data, Some(Fate { after, fault })));
    let before = coast.proxy.struck();
    let ended = run(&mut command(&customer)).expect_code(0);
    assert_eq!(coast.proxy.struck() - before, 1);
    ended
}

/// Much less than a slow line takes is still in the socket when the last byte has been written.
#[test]
fn a_slow_line_is_not_taken_for_a_dead_one() {
    let coast = Coast::new();
    at_once(&coast, Fault::Slow(100_000), 0, |customer| customer.init(&coast.served.sandbox, "table.csv"));
}

/// The server hears nothing of a line that is dead, not even its end: it waits for more, when the client is there again
/// on another line. The usual number of attempts must do.
#[test]
fn an_upload_goes_on_while_the_server_waits_on_the_dead_line() {
    let coast = Coast::new();
    let customer = coast.customer.clone().with("HESTAT_RETRIES", "5");
    // Within the handshake and behind it.
    for after in [300, 50_000] {
        let dead = Fate { after, fault: Fault::Stall(Duration::from_secs(20)) };
        coast.proxy.set_weather(Weather::only(Channel::Data, Some(dead)));
        run(&mut customer.init(&coast.served.sandbox, "table.csv")).expect_code(0);
    }
}

/// One cut costs one attempt, wherever it is, and nobody has to do anything again.
#[test]
fn one_cut_is_mended_by_one_attempt() {
    let coast = Coast::new();
    for ending in [Ending::Close, Ending::Reset] {
        for after in [0, 1, 500, 3000, 20_000, 30_000] {
            let fault = Fault::Cut(ending);
            let told =
                at_once(&coast, fault, after, |customer| customer.init(&coast.served.sandbox, "table.csv")).json();
            let job = told["job"].as_str().unwrap();
            coast.proxy.set_weather(Weather::calm());
            wait_until("the totals", || coast.served.at(format!("outbox/{job}/totals.hes")).exists());
            at_once(&coast, fault, after, |customer| customer.result(&coast.served.sandbox, job));
            assert!(fs::read(coast.served.sandbox.file("out.csv")).unwrap() == coast.expected);
        }
    }
}

/// So many rounds in such weather.
fn jobs_in(climate: Climate, count: usize) {
    let (done, faults) = (AtomicU64::new(0), AtomicU64::new(0));
    rounds(count, AT_ONCE, Coast::new, |coast, seed| {
        faults.fetch_add(coast.round(climate, seed), Ordering::SeqCst);
        done.fetch_add(1, Ordering::SeqCst);
    });
    let (done, faults) = (done.into_inner(), faults.into_inner());
    assert!(done == 1 || faults >= done / 2, "only {faults} faults in {done} rounds");
}

#[test]
fn connections_cut_at_any_byte() {
    jobs_in(Climate::Cuts, 30);
}

#[test]
fn data_connections_lost_while_the_control_connection_stays() {
    jobs_in(Climate::DataCuts, 20);
}

#[test]
fn control_connections_lost_while_the_data_connection_stays() {
    jobs_in(Climate::ControlCuts, 20);
}

#[test]
fn outages() {
    jobs_in(Climate::Outages, 15);
}

#[test]
fn connections_that_stall_for_longer_than_a_client_waits() {
    jobs_in(Climate::Stalls, 10);
}

#[test]
fn trickles() {
    jobs_in(Climate::Slowness, 10);
}

#[test]
fn everything_at_once() {
    jobs_in(Climate::Anything, 20);
}
