//! What lies on the server, passes between the containers or is logged tells nothing of the data.

use std::fs;
use std::path::Path;

use super::checkout::Checkout;
use super::engine;
use crate::faults::recorded::{NAMES, holds, secrets, table};
use crate::sandbox::{everything, wait_until};

/// Where packets are captured: an image that the tests make.
const CAPTURE: &str = "hestat-test-capture";
const DOCKERFILE: &str = "FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tcpdump
";

/// Bytes that such a conversation has, at least.
const LEAST: u64 = 10_000;

/// A capture of all packets at one container's network interface; over when dropped.
struct Capture;

impl Capture {
    fn at(container: &str, folder: &Path) -> Self {
        let context = folder.join("capture");
        fs::create_dir(&context).unwrap();
        fs::write(context.join("Dockerfile"), DOCKERFILE).unwrap();
        engine::ask(&["build", "--tag", CAPTURE, context.to_str().unwrap()]);
        let network = format!("container:{container}");
        let folder = format!("{}:/capture", context.display());
        let limits = ["--network", &network, "--cap-add", "NET_RAW", "--volume", &folder];
        let start = ["run", "--detach", "--rm", "--name", "hestat-capture"];
        // Packets as they come, whole, into the file at once.
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
        engine::ask(&[&start[..], &limits, &tcpdump].concat());
        wait_until("the capture", || engine::run(&["logs", "hestat-capture"]).stderr.contains("listening on"));
        Self
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        engine::run(&["stop", "--time", "5", "hestat-capture"]);
    }
}

/// Pieces of what must not be seen, by name: values, names of columns, the password, and the key file in pieces.
fn forbidden(checkout: &Checkout) -> Vec<(String, Vec<u8>)> {
    let mut found = secrets();
    let key =
        engine::command(&["exec", "client", "sh", "-c", "cat /data/state/jobs/*/secrets.hes"]).output().unwrap().stdout;
    assert!(key.len() > 500, "{} bytes of keys", key.len());
    for (index, piece) in key.chunks_exact(16).enumerate() {
        // What any file has, such as zeros, is no secret.
        let distinct = piece.iter().collect::<std::collections::HashSet<_>>().len();
        // Behind header and key stands the digest of the totals, which the server knows, too.
        let is_digest = (36..=38).contains(&index);
        if distinct > 6 && index > 8 && !is_digest {
            found.push((format!("piece {index} of the key"), piece.into()));
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    let password = checkout.client(&["cat", "/server/password"]).stdout;
    found.push(("the password".into(), password.trim().into()));
    found
}

#[track_caller]
fn assert_nothing_in(name: &str, bytes: &[u8], forbidden: &[(String, Vec<u8>)]) {
    for (what, secret) in forbidden {
        assert!(!holds(bytes, secret), "{what} is in {name}");
    }
}

#[test]
#[ignore = "needs a container engine"]
fn nothing_leaks() {
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
    // The end of curl's session is the last.
    wait_until("packets", || fs::metadata(&packets).is_ok_and(|meta| meta.len() > LEAST));
    drop(capture);
    let forbidden = forbidden(&checkout);

    let packets = fs::read(packets).unwrap();
    assert_nothing_in("the packets", &packets, &forbidden);
    for word in ["USER hestat", "dataset.hes", "totals.hes"] {
        assert!(!holds(&packets, word.as_bytes()), "{word} was sent in the clear");
    }
    // The search would find it: this is sent before TLS begins.
    assert!(holds(&packets, b"AUTH TLS"));

    let files: Vec<_> = everything(&checkout.at("data/server")).into_iter().filter(|path| path.is_file()).collect();
    assert!(files.iter().any(|path| path.ends_with("totals.hes")), "{files:?}");
    for file in files {
        assert_nothing_in(&file.display().to_string(), &fs::read(&file).unwrap(), &forbidden);
    }
    let logged = engine::run(&["logs", "server"]);
    assert!(logged.stderr.contains("computed"), "{}", logged.stderr);
    assert_nothing_in("the log", (logged.stdout + &logged.stderr).as_bytes(), &forbidden);

    // The server has no key to decrypt with.
    let refused = checkout.server(&["hestat", "result"]).expect_code(5);
    assert!(refused.stderr.contains("there is no job"), "{}", refused.stderr);
    assert_eq!(checkout.server(&["sh", "-c", "find / -xdev -name secrets.hes 2>/dev/null"]).stdout, "");
}
