//! Faults at random moments.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::engine;
use super::environment::{FaultEnvironment, assert_expected_outcome};
use crate::sandbox::wait_until;

/// The time limit for one call of [`rounds`], in seconds.
const TIME_LIMIT: u64 = 600;

/// Runs `round` `count` times on the same environment and completes the job after each.
#[track_caller]
fn rounds(name: &str, count: usize, environment: &mut FaultEnvironment, round: impl Fn(&mut FaultEnvironment)) {
    let start = Instant::now();
    for number in 1..=count {
        eprintln!("{name}, round {number}");
        round(environment);
        environment.complete_job();
    }
    eprintln!("{name}: {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(TIME_LIMIT));
}

#[test]
#[ignore = "needs a container engine"]
fn dying_containers_and_network_cuts() {
    // With a tenth of a core, the server takes about a second for an upload, so that faults occur before its end.
    let mut environment = FaultEnvironment::new(|checkout| checkout.override_with("services: {server: {cpus: 0.1}}\n"));
    let start = Instant::now();
    rounds("the server dies during an upload", 5, &mut environment, |environment| {
        let delay = environment.delay(400);
        let upload = environment.upload(&[]);
        sleep(delay);
        FaultEnvironment::kill("server");
        engine::output(&["start", "server"]);
        assert_expected_outcome(&environment.end(upload));
    });
    rounds("the client dies during an upload", 5, &mut environment, |environment| {
        let delay = environment.delay(400);
        let upload = environment.upload(&[]);
        sleep(delay);
        FaultEnvironment::kill("client");
        environment.end(upload);
        environment.restart_client();
    });
    rounds("the client dies during a download", 5, &mut environment, |environment| {
        environment.checkout.client(&["hestat", "init"]).expect_code(0);
        let delay = environment.delay(200);
        let download = FaultEnvironment::start(&[], &["result"]);
        sleep(delay);
        FaultEnvironment::kill("client");
        environment.end(download);
        environment.restart_client();
    });
    let network = format!("{}_hestat", environment.checkout.project());
    rounds("the network is cut and restored", 4, &mut environment, |environment| {
        let (before, between) = (environment.delay(400), environment.delay(3000));
        let upload = environment.upload(&["HESTAT_SERVER_TIMEOUT=2"]);
        sleep(before);
        engine::output(&["network", "disconnect", &network, "server"]);
        sleep(between);
        engine::output(&["network", "connect", "--ip", &environment.checkout.address(2), &network, "server"]);
        assert_expected_outcome(&environment.end(upload));
    });
    rounds("the server stalls for longer than the timeouts", 2, &mut environment, |environment| {
        let delay = environment.delay(20);
        let upload = environment.upload(&["HESTAT_SERVER_TIMEOUT=1", "HESTAT_RETRIES=1"]);
        sleep(delay);
        engine::output(&["pause", "server"]);
        let output = environment.end(upload);
        engine::output(&["unpause", "server"]);
        assert_expected_outcome(&output);
    });
    rounds("the server stalls for a while", 2, &mut environment, |environment| {
        let (before, between) = (environment.delay(20), environment.delay(2000));
        let upload = environment.upload(&["HESTAT_SERVER_TIMEOUT=1"]);
        sleep(before);
        engine::output(&["pause", "server"]);
        sleep(Duration::from_secs(2) + between);
        engine::output(&["unpause", "server"]);
        environment.end(upload).expect_code(0);
    });
    let (noticed, elapsed) = (environment.noticed, start.elapsed());
    eprintln!("{noticed} of 23 faults noticed, {elapsed:?}");
    assert!(noticed >= 12, "only {noticed} faults were noticed");
}

#[test]
#[ignore = "needs a container engine"]
fn a_replaced_certificate_and_a_wrong_password() {
    let mut environment = FaultEnvironment::new(|_| ());
    rounds("another certificate", 1, &mut environment, |environment| {
        let replace = "rm /identity/certificate.pem
            chown -R 0 /identity
            env -u HESTAT_PASSWORD_FILE hestat serve --prepare --quiet --data /tmp --server-state /identity
            chown -R 65002 /identity";
        environment.checkout.compose(&["run", "--rm", "--no-deps", "-T", "setup", "sh", "-ec", replace]).expect_code(0);
        engine::output(&["restart", "--time", "1", "server"]);
        wait_until("the server", || environment.checkout.server(&["hestat", "ping", "--quiet"]).code == Some(0));
        environment
            .checkout
            .client(&["hestat", "init"])
            .expect_code(15)
            .says(&["THE CERTIFICATE OF", "DOES NOT MATCH"]);
        environment
            .checkout
            .client(&["lftp", "-c", &format!("open {}; ls", environment.checkout.address(2))])
            .expect_code(1)
            .says(&["ertificate"]);
        // Starting the containers again tells the client the new certificate.
        environment.checkout.start();
    });
    rounds("a wrong password", 1, &mut environment, |environment| {
        environment.checkout.client(&["sh", "-c", "umask 077; echo wrong > /tmp/wrong"]).expect_code(0);
        let wrong = FaultEnvironment::start(&["HESTAT_PASSWORD_FILE=/tmp/wrong"], &["init"]);
        wrong.end().expect_code(13).says(&["password"]);
    });
}

#[test]
#[ignore = "needs a container engine"]
fn a_full_disk() {
    let mut environment = FaultEnvironment::new(|checkout| {
        checkout.override_with(
            "services: {server: {volumes: ['small:/data']}}
volumes: {small: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=6m,mode=1777'}}}
",
        );
    });
    let small = format!("{}_small", environment.checkout.project());
    rounds("a full disk", 1, &mut environment, |environment| {
        environment.checkout.client(&["hestat", "init"]).expect_code(18).says(&["full"]);
        let listed = environment.checkout.server(&["sh", "-c", "ls /data/inbox/*"]).stdout;
        assert!(!listed.lines().any(|name| name == "dataset.hes"), "{listed}");
        // The next attempt fails the same way, and the job resumes as soon as there is space.
        let job =
            environment.checkout.client(&["hestat", "jobs", "--json"]).json()[0]["job"].as_str().unwrap().to_owned();
        environment.checkout.client(&["hestat", "init", "--resume", &job]).expect_code(18);
        environment.checkout.clear_overrides();
        environment.checkout.start();
        engine::output(&["volume", "rm", &small]);
    });
}
