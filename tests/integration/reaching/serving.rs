//! What `hestat serve` says and does when it begins and ends, and the whole job through it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::ping;
use crate::sandbox::{Sandbox, TestServer, entries, path, wait_until};

const TABLE: &str = "weight,height\n61.5,170\n,181\n70.25,165\n";

#[test]
fn a_whole_job_through_the_server() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let csv = sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let init = ["init", "--json", "--input", path(&csv), "--server", served.url(), "--server-fingerprint", fingerprint];
    let told = sandbox.succeed(init.into_iter().chain(["--password-file", password])).json();
    assert_eq!(told["server"], served.url());
    // Neither server nor fingerprint need be named again.
    let password = ["--password-file", password];
    let result = ["result", "--wait", "--timeout", "20", "--check", "data.csv", "--json"];
    let result = sandbox.succeed(result.into_iter().chain(password)).json();
    assert_eq!(result["check"]["differences"], serde_json::json!([]));
    assert!(sandbox.inbox().is_empty(), "the dataset goes when its totals are there");
    sandbox.succeed(["forget", told["job"].as_str().unwrap()].into_iter().chain(password));
    assert_eq!(entries(&sandbox.server().join("outbox")), [""; 0]);
    let log = served.log();
    for word in ["logged in", "STOR", "bytes=", "milliseconds=", "computed", "RETR", "user=\"hestat\""] {
        assert!(log.contains(word), "no {word} in {log}");
    }
}

#[test]
fn what_killed_pings_have_left_goes_with_the_next_start() {
    let sandbox = Sandbox::new();
    let left = sandbox.server().join("inbox/ping-0123456789abcdef");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("probe.part"), "hestat").unwrap();
    let job = sandbox.server().join("inbox/0123456789abcdef0123456789abcdef");
    fs::create_dir_all(&job).unwrap();
    let served = TestServer::start(sandbox, &[]);
    assert!(!left.exists() && job.exists());
    drop(served);
}

#[test]
fn run_with_a_server_of_others_leaves_it_as_it_was() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let run = ["run", "--input", "data.csv", "--check", "--server", served.url(), "--server-fingerprint", fingerprint];
    let ran = sandbox.succeed(run.into_iter().chain(["--password-file", password]));
    assert!(ran.stdout.contains("equal those of the clear data"), "{}", ran.stdout);
    assert!(sandbox.inbox().is_empty() && entries(&sandbox.server().join("outbox")).is_empty());
    assert!(sandbox.jobs().is_empty(), "its keys were in a temporary directory");
    assert_eq!(entries(&sandbox.temporary()), [""; 0]);
}

/// The key goes with the command, so there is nothing to go on with.
#[test]
fn a_run_that_fails_leaves_nothing_there() {
    let served = TestServer::new(&["--max-disk", "100K"]);
    let sandbox = &served.sandbox;
    sandbox.succeed(["sample", "--rows", "3000", "--output", "data.csv"]);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let run = ["run", "--input", "data.csv", "--server", served.url(), "--server-fingerprint", fingerprint];
    let ran = sandbox.run(run.into_iter().chain(["--password-file", password])).expect_code(19);
    assert!(!ran.stderr.contains("--resume") && !ran.stderr.contains("may still be"), "{}", ran.stderr);
    assert!(sandbox.inbox().is_empty());
}

/// A server that says nothing costs no more time than there is.
#[test]
fn who_waits_waits_no_longer_than_he_said() {
    let served = TestServer::new(&["--no-compute"]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let reach = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    served.sandbox.succeed(["init", "--input", path(&csv), "--server", served.url()].into_iter().chain(reach));
    served.process().signal(Signal::STOP);
    let begun = Instant::now();
    let result = ["result", "--wait", "--timeout", "3", "--server-timeout", "2"];
    let ended = served.sandbox.run(result.into_iter().chain(reach));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    served.process().signal(Signal::CONT);
    assert!([Some(4), Some(12)].contains(&ended.code), "{ended:?}");
}

#[test]
fn an_address_for_the_world_is_for_its_own_protocol() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let served = TestServer::listen(Sandbox::new(), "[::1]:0".parse().unwrap(), &["--public-address", "192.0.2.7"]);
    let url = format!("ftps://hestat@{}", served.address());
    let reach = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    ping(&served.sandbox, &url, &reach).expect_code(0);
}

#[test]
fn without_computing_it_only_keeps_files() {
    let served = TestServer::new(&["--no-compute"]);
    let sandbox = &served.sandbox;
    let csv = sandbox.write("data.csv", TABLE);
    let reach = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    sandbox.succeed(["init", "--input", path(&csv), "--server", served.url()].into_iter().chain(reach));
    sandbox.run(["result"].into_iter().chain(reach)).expect_code(4).says(&["has not begun to compute"]);
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result", "--check", path(&csv)].into_iter().chain(reach));
}

#[test]
fn secrets_are_private_and_never_below_the_root() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let mode = |name: &str| fs::metadata(sandbox.file("server-state").join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("key.pem"), mode("password"), mode("")), (0o600, 0o600, 0o700));
    assert!(served.password().len() >= 32);
    let (data, inside) = (sandbox.server(), sandbox.server().join("new/state"));
    let serve = ["serve", "--data", path(&data), "--listen", "127.0.0.1:0"];
    let refused = |options: &[&str]| {
        let command = serve.into_iter().chain(options.iter().copied());
        sandbox.run(command).expect_code(2).says(&["is inside its data directory", "--server-state"]);
    };
    refused(&["--server-state", path(&inside)]);
    assert!(!sandbox.server().join("new").exists());
    let key = sandbox.server().join("key.pem");
    fs::copy(sandbox.file("server-state/key.pem"), &key).unwrap();
    refused(&["--certificate", served.certificate(), "--certificate-key", path(&key)]);
    refused(&["--password-file", path(&key)]);
}

#[test]
fn who_prepares_makes_once_what_the_server_then_uses() {
    let sandbox = Sandbox::new();
    let prepare = || {
        let state = sandbox.file("server-state");
        let told =
            sandbox.succeed(["serve", "--prepare", "--data", path(&sandbox.server()), "--server-state", path(&state)]);
        (told.stdout, fs::read(state.join("certificate.pem")).unwrap(), fs::read(state.join("password")).unwrap())
    };
    let first = prepare();
    assert!(first.0.starts_with("password in ") && first.0.contains("\ncertificate in "), "{}", first.0);
    assert_eq!(prepare(), first);
    let (data, within) = (sandbox.server(), sandbox.server().join("state"));
    let within = ["serve", "--prepare", "--data", path(&data), "--server-state", path(&within)];
    sandbox.run(within).expect_code(2).says(&["is inside its data directory"]);
    let served = TestServer::start(sandbox, &[]);
    assert_eq!(
        (fs::read(served.certificate()).unwrap(), fs::read(served.password_file()).unwrap()),
        (first.1, first.2)
    );
}

#[test]
fn secrets_that_everybody_can_read_are_told_of() {
    let served = TestServer::new(&[]);
    let open = served.sandbox.write("open", served.password());
    let options = ["--server-fingerprint", served.fingerprint(), "--password-file", path(&open)];
    for (mode, is_told) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        let pinged = ping(&served.sandbox, served.url(), &options).expect_code(0);
        assert_eq!(pinged.stderr.contains("other users of this machine can read"), is_told, "{pinged:?}");
    }
}

#[test]
fn an_address_with_a_path_is_refused_and_told_why() {
    let served = TestServer::new(&[]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let below = format!("{}/below", served.url());
    let init = ["init", "--input", path(&csv), "--server", &below, "--server-fingerprint", served.fingerprint()];
    let ended = served.sandbox.run(init.into_iter().chain(["--password-file", served.password_file()]));
    ended.expect_code(17).says(&["cannot create its directory: 550", "has no path"]);
}

#[test]
fn who_waits_for_an_answer_waits_for_the_server_too() {
    let mut served = TestServer::new(&["--no-compute"]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint().to_owned(), served.password_file().to_owned());
    let reach = ["--server-fingerprint", &fingerprint, "--password-file", &password, "--retries", "0"];
    let init = ["init", "--input", path(&csv), "--server", served.url()];
    served.sandbox.succeed(init.into_iter().chain(reach));
    let result = ["result", "--wait", "--timeout", "60", "--check", path(&csv)];
    let waiting = served.sandbox.start(result.into_iter().chain(reach));
    wait_until("a question", || served.log().matches("logged in").count() > 1);
    served.restart(&[]);
    waiting.end().expect_code(0).says(&["still waiting for the answer"]);
}

#[test]
fn its_certificate_has_the_names_that_were_asked_for() {
    let mut served = TestServer::new(&["--name", "stats.example.org,192.0.2.9"]);
    let openssl = |arguments: &[&str]| {
        let output =
            Command::new("openssl").args(["x509", "-noout", "-in"]).arg(served.certificate()).args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let names = openssl(&["-ext", "subjectAltName"]);
    assert!(names.contains("DNS:stats.example.org, IP Address:192.0.2.9"), "{names}");
    for wrong in ["", "a b", "999.1.1.1", "localhost,"] {
        served
            .sandbox
            .run(["serve", "--data", "data", "--name", wrong])
            .expect_code(2)
            .says(&["expected a host name or an IP address"]);
    }
    let fingerprint = openssl(&["-fingerprint", "-sha256"]);
    assert!(fingerprint.contains(served.fingerprint().trim_start_matches("SHA256:")), "{fingerprint}");
    served.restart(&["--name", "stats.example.org,other.example.org"]);
    let log = served.log();
    assert!(log.contains("not for this name") && log.contains("other.example.org"), "{log}");
    assert!(!log.contains("stats.example.org"), "{log}");
}

#[test]
fn ports_taken_and_addresses_of_others_are_told_apart() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let serve = |listen: &str| {
        let state = sandbox.file("another-state");
        sandbox.run(["serve", "--data", path(&sandbox.server()), "--server-state", path(&state), "--listen", listen])
    };
    serve(&served.address().to_string()).expect_code(21).says(&["is in use by another program", "--listen"]);
    serve("192.0.2.1:2121").expect_code(6).says(&["cannot listen on 192.0.2.1:2121"]);
    serve("nowhere").expect_code(2);
    ping(sandbox, "ftps://hestat@127.0.0.1:1", &[])
        .expect_code(11)
        .says(&["cannot reach the server at 127.0.0.1:1", "refused"]);
}

#[test]
fn it_stops_at_once_and_well() {
    let mut served = TestServer::new(&[]);
    let begun = Instant::now();
    let (code, took) = (served.stop(), begun.elapsed());
    assert!(code == Some(0) && took < Duration::from_secs(1), "{code:?} after {took:?}");
}

#[test]
fn another_directory_in_its_place_ends_it() {
    let mut served = TestServer::new(&[]);
    fs::rename(served.at(""), served.sandbox.file("away")).unwrap();
    fs::create_dir(served.at("")).unwrap();
    assert_eq!(served.end(), Some(8), "{}", served.log());
    assert!(served.log().contains("was replaced by another directory"), "{}", served.log());
}

#[test]
fn a_certificate_or_key_that_cannot_be_used_is_named() {
    let sandbox = Sandbox::new();
    let state = ["--server-state", "state", "--listen", "127.0.0.1:0", "--data", "data"];
    sandbox.write("empty", "");
    let own = ["--certificate", "empty", "--certificate-key", "empty"];
    let serve = ["serve"].into_iter().chain(state).chain(own);
    sandbox.run(serve).expect_code(8).says(&["cannot use the server's certificate", "not encrypted"]);
}
