//! Start and end of `hestat serve`, and complete jobs through it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::ping;
use crate::sandbox::{CommandOutput, Sandbox, TestServer, entries, path, skip, wait_until};

const TABLE: &str = "weight,height\n61.5,170\n,181\n70.25,165\n";

#[test]
fn a_whole_job_through_the_server() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let csv = sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let init = ["init", "--json", "--input", path(&csv), "--server", served.url(), "--server-fingerprint", fingerprint];
    let uploaded = sandbox.succeed(init.into_iter().chain(["--password-file", password])).json();
    assert_eq!(uploaded["server"], served.url());
    // Server and fingerprint need not be given again.
    let password = ["--password-file", password];
    let result = ["result", "--wait", "--timeout", "20", "--check", "data.csv", "--json"];
    let result = sandbox.succeed(result.into_iter().chain(password)).json();
    assert_eq!(result["check"]["differences"], serde_json::json!([]));
    assert!(sandbox.inbox().is_empty(), "the dataset is removed when its totals exist");
    sandbox.succeed(["forget", uploaded["job"].as_str().unwrap()].into_iter().chain(password));
    assert_eq!(entries(&sandbox.server().join("outbox")), [""; 0]);
    let log = served.log();
    for word in ["logged in", "STOR", "bytes=", "milliseconds=", "computed", "RETR", "user=\"hestat\""] {
        assert!(log.contains(word), "no {word} in {log}");
    }
}

#[test]
fn files_of_killed_pings_are_removed_at_the_next_start() {
    let sandbox = Sandbox::new();
    let probe = sandbox.server().join("inbox/ping-0123456789abcdef");
    fs::create_dir_all(&probe).unwrap();
    fs::write(probe.join("probe.part"), "hestat").unwrap();
    let job = sandbox.server().join("inbox/0123456789abcdef0123456789abcdef");
    fs::create_dir_all(&job).unwrap();
    let _served = TestServer::start(sandbox, &[]);
    assert!(!probe.exists() && job.exists());
}

#[test]
fn run_leaves_nothing_on_the_server_or_in_the_state() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let run = ["run", "--input", "data.csv", "--check", "--server", served.url(), "--server-fingerprint", fingerprint];
    let output = sandbox.succeed(run.into_iter().chain(["--password-file", password]));
    assert!(output.stdout.contains("equal those of the clear data"), "{}", output.stdout);
    assert!(sandbox.inbox().is_empty() && entries(&sandbox.server().join("outbox")).is_empty());
    assert!(sandbox.jobs().is_empty(), "its keys were in a temporary directory");
    assert_eq!(entries(&sandbox.temporary()), [""; 0]);
}

/// The key is lost when the command ends, so nothing can be resumed.
#[test]
fn a_run_that_fails_leaves_nothing_on_the_server() {
    let served = TestServer::new(&["--max-disk", "100K"]);
    let sandbox = &served.sandbox;
    sandbox.succeed(["sample", "--rows", "3000", "--output", "data.csv"]);
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let run = ["run", "--input", "data.csv", "--server", served.url(), "--server-fingerprint", fingerprint];
    let output = sandbox.run(run.into_iter().chain(["--password-file", password])).expect_code(19);
    assert!(!output.stderr.contains("--resume") && !output.stderr.contains("may still be"), "{}", output.stderr);
    assert!(sandbox.inbox().is_empty());
}

/// Uploads a job and asks a server for the result that no longer replies. Returns the output and the time it took.
fn result_of_stopped_server(options: &[&str]) -> (CommandOutput, Duration) {
    let served = TestServer::new(&["--no-compute"]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let access = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    served.sandbox.succeed(["init", "--input", path(&csv), "--server", served.url()].into_iter().chain(access));
    served.process().signal(Signal::STOP);
    let start = Instant::now();
    let output = served.sandbox.run(["result", "--wait"].into_iter().chain(access).chain(options.iter().copied()));
    let elapsed = start.elapsed();
    served.process().signal(Signal::CONT);
    (output, elapsed)
}

#[test]
fn the_time_limit_of_a_result_ends_before_the_timeout_of_the_server() {
    let (output, elapsed) = result_of_stopped_server(&["--timeout", "3", "--server-timeout", "60"]);
    output.expect_code(12).says(&["timed out waiting for", "--timeout SECONDS"]);
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
}

#[test]
fn a_server_that_does_not_reply_ends_a_result_before_its_time_limit() {
    let (output, elapsed) = result_of_stopped_server(&["--timeout", "60", "--server-timeout", "2", "--retries", "0"]);
    output.expect_code(12).says(&["timed out while", "no progress for 2 s"]);
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
}

#[test]
fn the_time_limit_of_a_result_ends_while_the_server_has_no_totals() {
    let served = TestServer::new(&["--no-compute"]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let access = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    served.sandbox.succeed(["init", "--input", path(&csv), "--server", served.url()].into_iter().chain(access));
    let start = Instant::now();
    let result = ["result", "--wait", "--timeout", "1"];
    served.sandbox.run(result.into_iter().chain(access)).expect_code(4).says(&["has not begun to compute"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_public_address_is_used_for_its_own_protocol_only() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return skip("the loopback interface has no IPv6 address");
    }
    let served = TestServer::listen(Sandbox::new(), "[::1]:0".parse().unwrap(), &["--public-address", "192.0.2.7"]);
    let url = format!("ftps://hestat@{}", served.address());
    let access = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    ping(&served.sandbox, &url, &access).expect_code(0);
}

#[test]
fn a_server_with_no_compute_only_stores_files() {
    let served = TestServer::new(&["--no-compute"]);
    let sandbox = &served.sandbox;
    let csv = sandbox.write("data.csv", TABLE);
    let access = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    sandbox.succeed(["init", "--input", path(&csv), "--server", served.url()].into_iter().chain(access));
    sandbox.run(["result"].into_iter().chain(access)).expect_code(4).says(&["has not begun to compute"]);
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result", "--check", path(&csv)].into_iter().chain(access));
}

#[test]
fn secrets_are_private_and_never_inside_the_data_directory() {
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
fn prepare_makes_certificate_and_password_once_and_the_server_uses_them() {
    let sandbox = Sandbox::new();
    let prepare = || {
        let state = sandbox.file("server-state");
        let output =
            sandbox.succeed(["serve", "--prepare", "--data", path(&sandbox.server()), "--server-state", path(&state)]);
        (output.stdout, fs::read(state.join("certificate.pem")).unwrap(), fs::read(state.join("password")).unwrap())
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
fn a_notice_reports_a_password_file_that_all_users_can_read() {
    let served = TestServer::new(&[]);
    let open = served.sandbox.write("open", served.password());
    let options = ["--server-fingerprint", served.fingerprint(), "--password-file", path(&open)];
    for (mode, is_reported) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        let pinged = ping(&served.sandbox, served.url(), &options).expect_code(0);
        assert_eq!(pinged.stderr.contains("other users of this machine can read"), is_reported, "{pinged:?}");
    }
}

#[test]
fn the_error_for_an_address_with_a_path_explains_it() {
    let served = TestServer::new(&[]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let url = format!("{}/below", served.url());
    let init = ["init", "--input", path(&csv), "--server", &url, "--server-fingerprint", served.fingerprint()];
    let output = served.sandbox.run(init.into_iter().chain(["--password-file", served.password_file()]));
    output.expect_code(17).says(&["cannot create its directory: 550", "has no path"]);
}

#[test]
fn a_waiting_result_outlives_a_restart_of_the_server() {
    let mut served = TestServer::new(&["--no-compute"]);
    let csv = served.sandbox.write("data.csv", TABLE);
    let (fingerprint, password) = (served.fingerprint().to_owned(), served.password_file().to_owned());
    let access = ["--server-fingerprint", &fingerprint, "--password-file", &password, "--retries", "0"];
    let init = ["init", "--input", path(&csv), "--server", served.url()];
    served.sandbox.succeed(init.into_iter().chain(access));
    let result = ["result", "--wait", "--timeout", "60", "--check", path(&csv)];
    let waiting = served.sandbox.start(result.into_iter().chain(access));
    wait_until("the second login", || served.log().matches("logged in").count() > 1);
    served.restart(&[]);
    waiting.end().expect_code(0).says(&["still waiting for the totals"]);
}

#[test]
fn the_certificate_contains_the_requested_names() {
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
fn a_port_in_use_and_an_address_of_another_machine_are_different_errors() {
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
fn an_idle_server_stops_without_waiting_for_a_timeout() {
    let mut served = TestServer::new(&[]);
    let start = Instant::now();
    let (code, elapsed) = (served.stop(), start.elapsed());
    assert!(code == Some(0) && elapsed < Duration::from_secs(10), "{code:?} after {elapsed:?}");
}

#[test]
fn a_server_ends_if_its_directory_is_replaced_by_another() {
    let mut served = TestServer::new(&[]);
    fs::rename(served.at(""), served.sandbox.file("away")).unwrap();
    fs::create_dir(served.at("")).unwrap();
    assert_eq!(served.end(), Some(8), "{}", served.log());
    assert!(served.log().contains("was replaced by another directory"), "{}", served.log());
}

#[test]
fn an_unusable_certificate_or_key_is_reported() {
    let sandbox = Sandbox::new();
    let state = ["--server-state", "state", "--listen", "127.0.0.1:0", "--data", "data"];
    sandbox.write("empty", "");
    let own = ["--certificate", "empty", "--certificate-key", "empty"];
    let serve = ["serve"].into_iter().chain(state).chain(own);
    sandbox.run(serve).expect_code(8).says(&["cannot use the server's certificate", "not encrypted"]);
}
