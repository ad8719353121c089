//! At random moments.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::engine;
use super::field::{Field, assert_fair};
use crate::sandbox::wait_until;

/// Seconds for all rounds of a test together; all tests here take less than five minutes.
const PATIENCE: u64 = 240;

/// Calls `round` so often, with a field that has been used before.
#[track_caller]
fn rounds(what: &str, count: usize, field: &mut Field, round: impl Fn(&mut Field)) {
    let begin = Instant::now();
    for number in 1..=count {
        eprintln!("{what}, round {number}");
        round(field);
        field.bring_home();
    }
    eprintln!("{what}: {:?}", begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(PATIENCE));
}

#[test]
#[ignore = "needs a container engine"]
fn containers_that_die_and_lines_that_are_cut() {
    let mut field = Field::new(|_| ());
    let begin = Instant::now();
    rounds("the server dies during an upload", 5, &mut field, |field| {
        let moment = field.moment(80);
        let upload = field.upload(&[]);
        sleep(moment);
        Field::strike("server");
        engine::ask(&["start", "server"]);
        assert_fair(&field.end(upload));
    });
    rounds("the client dies during an upload", 5, &mut field, |field| {
        let moment = field.moment(80);
        let upload = field.upload(&[]);
        sleep(moment);
        Field::strike("client");
        field.end(upload);
        field.revive();
    });
    rounds("the client dies during a download", 5, &mut field, |field| {
        field.checkout.client(&["hestat", "init"]).expect_code(0);
        let moment = field.moment(200);
        let download = Field::begin(&[], &["result"]);
        sleep(moment);
        Field::strike("client");
        field.end(download);
        field.revive();
    });
    let network = format!("{}_hestat", field.checkout.project());
    rounds("the line is cut and joined", 4, &mut field, |field| {
        let (before, between) = (field.moment(80), field.moment(3000));
        let upload = field.upload(&["HESTAT_SERVER_TIMEOUT=2"]);
        sleep(before);
        engine::ask(&["network", "disconnect", &network, "server"]);
        sleep(between);
        engine::ask(&["network", "connect", "--ip", &field.checkout.address(2), &network, "server"]);
        assert_fair(&field.end(upload));
    });
    rounds("the server stands still for longer than the timeouts", 2, &mut field, |field| {
        let moment = field.moment(20);
        let upload = field.upload(&["HESTAT_SERVER_TIMEOUT=1", "HESTAT_RETRIES=1"]);
        sleep(moment);
        engine::ask(&["pause", "server"]);
        let ended = field.end(upload);
        engine::ask(&["unpause", "server"]);
        assert_fair(&ended);
    });
    rounds("the server stands still for a while", 2, &mut field, |field| {
        let (before, between) = (field.moment(20), field.moment(2000));
        let upload = field.upload(&["HESTAT_SERVER_TIMEOUT=1"]);
        sleep(before);
        engine::ask(&["pause", "server"]);
        sleep(Duration::from_secs(2) + between);
        engine::ask(&["unpause", "server"]);
        field.end(upload).expect_code(0);
    });
    let (felt, took) = (field.felt, begin.elapsed());
    eprintln!("{felt} of 23 rounds felt, {took:?}");
    assert!(felt >= 12, "only {felt} faults were felt");
}

#[test]
#[ignore = "needs a container engine"]
fn a_certificate_that_is_exchanged_and_a_wrong_password() {
    let mut field = Field::new(|_| ());
    rounds("another certificate", 1, &mut field, |field| {
        let exchange = "rm /identity/certificate.pem
            chown -R 0 /identity
            env -u HESTAT_PASSWORD_FILE hestat serve --prepare --quiet --data /tmp --server-state /identity
            chown -R 65002 /identity";
        field.checkout.compose(&["run", "--rm", "--no-deps", "-T", "setup", "sh", "-ec", exchange]).expect_code(0);
        engine::ask(&["restart", "--time", "1", "server"]);
        wait_until("the server", || field.checkout.server(&["hestat", "ping", "--quiet"]).code == Some(0));
        field.checkout.client(&["hestat", "init"]).expect_code(15).says(&["certificate"]);
        field
            .checkout
            .client(&["lftp", "-c", &format!("open {}; ls", field.checkout.address(2))])
            .expect_code(1)
            .says(&["ertificate"]);
        // Who starts the containers again introduces the two to each other again.
        field.checkout.start();
    });
    rounds("a wrong password", 1, &mut field, |field| {
        field.checkout.client(&["sh", "-c", "umask 077; echo wrong > /tmp/wrong"]).expect_code(0);
        let wrong = Field::begin(&["HESTAT_PASSWORD_FILE=/tmp/wrong"], &["init"]);
        wrong.end().expect_code(13).says(&["password"]);
    });
}

#[test]
#[ignore = "needs a container engine"]
fn a_full_disk() {
    let mut field = Field::new(|checkout| {
        checkout.override_with(
            "services: {server: {volumes: ['small:/data']}}
volumes: {small: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=6m,mode=1777'}}}
",
        );
    });
    let small = format!("{}_small", field.checkout.project());
    rounds("a full disk", 1, &mut field, |field| {
        field.checkout.client(&["hestat", "init"]).expect_code(18).says(&["full"]);
        let listed = field.checkout.server(&["sh", "-c", "ls /data/inbox/*"]).stdout;
        assert!(!listed.lines().any(|name| name == "dataset.hes"), "{listed}");
        // Still: it says the same, and the job goes on as soon as there is room.
        let job = field.checkout.client(&["hestat", "jobs", "--json"]).json()[0]["job"].as_str().unwrap().to_owned();
        field.checkout.client(&["hestat", "init", "--resume", &job]).expect_code(18);
        field.checkout.override_no_more();
        field.checkout.start();
        engine::ask(&["volume", "rm", &small]);
    });
}
