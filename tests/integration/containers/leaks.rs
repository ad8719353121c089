//! Neither the server's files, nor the packets between the containers, nor the logs reveal anything about the data.

use std::fs;
use std::path::Path;

use super::checkout::Checkout;
use super::engine;
use crate::faults::recorded::{NAMES, holds, secrets, table};
use crate::sandbox::{files_below, wait_until};

/// The image for the packet capture, which the test builds.
const CAPTURE: &str = "hestat-test-capture";
const DOCKERFILE: &str = "FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tcpdump
";

/// The minimal size of a capture of a whole job, in bytes.
const MINIMAL_CAPTURE: u64 = 10_000;

/// A capture of all packets on one container's network interface. Dropping it ends the capture.
struct Capture;

impl Capture {
    fn at(container: &str, directory: &Path) -> Self {
        let context = directory.join("capture");
        fs::create_dir(&context).unwrap();
        fs::write(context.join("Dockerfile"), DOCKERFILE).unwrap();
        engine::output(&["build", "--tag", CAPTURE, context.to_str().unwrap()]);
        let network = format!("container:{container}");
        let directory = format!("{}:/capture", context.display());
        let limits = ["--network", &network, "--cap-add", "NET_RAW", "--volume", &directory];
        let start = ["run", "--detach", "--rm", "--name", "hestat-capture"];
        // Whole packets, written to the file at once.
        let tcpdump = [
            CAPTURE,
            "tcpdump",
            "-i",
            "eth0",
            "-s",
            "0",
            "-U",
            "--immediate-mode",
            "-Z",
            "root",
            "-w",
            "/capture/packets",
        ];
        engine::output(&[&start[..], &limits, &tcpdump].concat());
        wait_until("the capture", || engine::run(&["logs", "hestat-capture"]).stderr.contains("listening on"));
        Self
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        engine::run(&["stop", "--time", "5", "hestat-capture"]);
    }
}

/// Returns the bytes that must not leave the client, each with a name: values, column names, the password, and fragments
/// of the key file.
fn forbidden(checkout: &Checkout) -> Vec<(String, Vec<u8>)> {
    let mut found = secrets();
    let key =
        engine::command(&["exec", "client", "sh", "-c", "cat /data/state/jobs/*/secrets.hes"]).output().unwrap().stdout;
    assert!(key.len() > 500, "the key file has only {} bytes", key.len());
    for (index, fragment) in key.chunks_exact(16).enumerate() {
        // Fragments of few distinct bytes, such as zeros, occur in any file.
        let distinct = fragment.iter().collect::<std::collections::HashSet<_>>().len();
        // The first 64 bytes are the header with the job's ID. After it and the key comes the digest of the totals. The
        // server knows both, too.
        let is_known = index < 4 || (36..=38).contains(&index);
        if distinct > 6 && !is_known {
            found.push((format!("fragment {index} of the key"), fragment.into()));
        }
    }
    assert!(found.len() > 40, "only {} secrets", found.len());
    let password = checkout.client(&["cat", "/server/password"]).stdout;
    found.push(("the password".into(), password.trim().into()));
    found
}

#[track_caller]
fn assert_no_secrets(name: &str, bytes: &[u8], forbidden: &[(String, Vec<u8>)]) {
    for (secret_name, secret) in forbidden {
        assert!(!holds(bytes, secret), "{secret_name} is in {name}");
    }
}

#[test]
#[ignore = "needs a container engine"]
fn packets_files_and_logs_of_the_server_reveal_nothing() {
    let checkout = Checkout::new();
    checkout.write_table("secret.csv", &table());
    checkout.configure("HESTAT_CSV=./secret.csv");
    checkout.start();
    let capture = Capture::at("server", checkout.path());
    checkout.client(&["hestat", "ping"]).expect_code(0);
    checkout.client(&["hestat", "init"]).expect_code(0);
    let shown = checkout.client(&["hestat", "result", "--check", "/input/table.csv"]).expect_code(0).stdout;
    assert!(NAMES.iter().all(|name| shown.contains(name)));
    checkout.client(&["curl", "-sS", "ftp://server/"]).expect_code(0);
    let packets = checkout.at("capture/packets");
    // The capture works and has reached the job. Stopping it writes the rest.
    wait_until("packets", || fs::metadata(&packets).is_ok_and(|meta| meta.len() > MINIMAL_CAPTURE));
    drop(capture);
    let forbidden = forbidden(&checkout);

    let packets = fs::read(packets).unwrap();
    assert_no_secrets("the packets", &packets, &forbidden);
    for word in ["USER hestat", "dataset.hes", "totals.hes"] {
        assert!(!holds(&packets, word.as_bytes()), "{word} was sent in the clear");
    }
    // A control: the search finds what is sent before TLS begins.
    assert!(holds(&packets, b"AUTH TLS"));

    let files = files_below(&checkout.at("data/server"));
    assert!(files.iter().any(|path| path.ends_with("totals.hes")), "{files:?}");
    for file in files {
        assert_no_secrets(&file.display().to_string(), &fs::read(&file).unwrap(), &forbidden);
    }
    let logs = engine::run(&["logs", "server"]);
    assert!(logs.stderr.contains("computed"), "{}", logs.stderr);
    assert_no_secrets("the log", (logs.stdout + &logs.stderr).as_bytes(), &forbidden);

    // The server has no key.
    let refused = checkout.server(&["hestat", "result"]).expect_code(5);
    assert!(refused.stderr.contains("there is no job"), "{}", refused.stderr);
    assert_eq!(checkout.server(&["sh", "-c", "find / -xdev -name secrets.hes 2>/dev/null"]).stdout, "");
}
