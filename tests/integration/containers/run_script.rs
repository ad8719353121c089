//! `./run.sh` with containers.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command};
use std::time::{Duration, Instant};

use rand_core::Rng;
use rustix::process::{Pid, Signal, kill_process};

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::{CommandOutput, Sandbox, Terminal, path, small_table, wait_until};

/// Returns the result file that the script must write for a table.
fn expected(csv: &Path) -> String {
    let sandbox = Sandbox::new();
    sandbox.succeed(["run", "--input", path(csv)]);
    sandbox.read("decrypted_results.csv")
}

#[track_caller]
fn run(checkout: &Checkout, arguments: &[&str]) -> CommandOutput {
    checkout.run_sh(arguments).output().unwrap().into()
}

/// Starts the script and waits until it prints `words` on standard error. Returns the script and the rest of that output.
#[track_caller]
fn start_until(checkout: &Checkout, csv: &Path, words: &str) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut script = checkout.run_sh(&[path(csv)]).spawn().unwrap();
    let mut lines = BufReader::new(script.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(words)), "the script ended before it printed {words:?}");
    (script, lines)
}

/// Asserts that the script succeeded and wrote exactly the expected statistics.
#[track_caller]
fn assert_correct(checkout: &Checkout, output: CommandOutput, csv: &Path) {
    let output = output.expect_code(0);
    assert!(output.stdout.contains("equal those of the clear data, to the last digit."), "{}", output.stdout);
    assert_eq!(fs::read_to_string(checkout.at("data/decrypted_results.csv")).unwrap(), expected(csv));
}

#[test]
#[ignore = "needs a container engine"]
fn two_tables_in_turn_give_their_results_also_with_containers_still_running() {
    let checkout = Checkout::new();
    let synthetic = checkout.at("data/framingham_synthetic.csv");
    let small = checkout.write_table("a small one.csv", &small_table(50));
    for csv in [None, Some("a small one.csv")] {
        let arguments: Vec<&str> = ["--containers"].into_iter().chain(csv).collect();
        assert_correct(&checkout, run(&checkout, &arguments), if csv.is_some() { &small } else { &synthetic });
        assert_eq!(checkout.resources(), Vec::<String>::new());
    }
    // The containers stay up, and the next run has another table, which only its owner can read.
    assert_correct(&checkout, run(&checkout, &["--keep", path(&small)]), &small);
    checkout.client(&["hestat", "init"]).expect_code(0);
    let private = checkout.write_table("private.csv", &small_table(70));
    fs::set_permissions(&private, fs::Permissions::from_mode(0o600)).unwrap();
    assert_correct(&checkout, run(&checkout, &["--keep", path(&private)]), &private);
    // The same name, but another file.
    fs::rename(&private, &small).unwrap();
    assert_correct(&checkout, run(&checkout, &["--containers", path(&small)]), &small);
    // The key of the job started by hand is still needed.
    let mut left = checkout.resources();
    // Compose 1 creates the volumes of all profiles.
    left.retain(|name| !name.contains("_fog-"));
    assert_eq!(left.len(), 3, "{left:?}");
    checkout.start();
    checkout.client(&["hestat", "result"]).expect_code(0);
    assert_correct(&checkout, run(&checkout, &[]), &synthetic);
    assert_eq!(checkout.resources(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a container engine"]
fn an_interrupted_script_leaves_nothing_and_succeeds_the_next_time() {
    let checkout = Checkout::new();
    let csv = checkout.write_table("table.csv", &small_table(200_000));
    let start = Instant::now();
    assert_correct(&checkout, run(&checkout, &[path(&csv)]), &csv);
    let full_duration = start.elapsed();
    let mut random = hestat::foundation::random::from_system().unwrap();
    for round in 0..8 {
        let delay = full_duration.mul_f64((random.next_u64() % 1000) as f64 / 1000.0);
        eprintln!("round {round}: after {delay:?} of {full_duration:?}");
        let script = Terminal::start_wholly(&checkout.run_sh(&[path(&csv)]));
        std::thread::sleep(delay);
        // The terminal signals its whole foreground process group; impatient users press Ctrl-C more than once.
        for _ in 0..=round % 3 {
            script.type_keys("\x03");
            std::thread::sleep(Duration::from_millis(random.next_u64() % 300));
        }
        let interrupted = Instant::now();
        let (code, shown) = script.end();
        eprintln!("  {code:?} {:?} later", interrupted.elapsed());
        assert!(matches!(code, Some(0 | 130)), "{code:?}: {shown}");
        assert_eq!(checkout.resources(), Vec::<String>::new());
        let inbox = checkout.at("data/server/inbox");
        assert!(!inbox.exists() || fs::read_dir(inbox).unwrap().count() == 0);
    }
    assert_correct(&checkout, run(&checkout, &[path(&csv)]), &csv);
}

/// The reader of the output disappears, as if a terminal window were closed.
#[test]
#[ignore = "needs a container engine"]
fn a_script_without_a_reader_leaves_nothing_behind() {
    let checkout = Checkout::new();
    let csv = checkout.write_table("table.csv", &small_table(300));
    for hangs_up in [false, true] {
        let (mut script, lines) = start_until(&checkout, &csv, "Encrypting");
        drop((lines, script.stdout.take()));
        if hangs_up {
            kill_process(Pid::from_child(&script), Signal::HUP).unwrap();
        }
        assert_ne!(script.wait().unwrap().code(), Some(0));
        assert_eq!(checkout.resources(), Vec::<String>::new());
    }
}

/// Deleted directories, another network, a network already in use, and a container name already in use.
#[test]
#[ignore = "needs a container engine"]
fn changes_under_running_containers_are_repaired_or_reported() {
    let checkout = Checkout::up();
    let csv = checkout.write_table("table.csv", &small_table(300));
    fs::remove_dir_all(checkout.at("data/client")).unwrap();
    fs::remove_dir_all(checkout.at("data/server")).unwrap();
    assert_correct(&checkout, run(&checkout, &["--keep", path(&csv)]), &csv);
    fs::write(checkout.at(".env"), format!("HESTAT_NETWORK={}\n", checkout.other_network())).unwrap();
    assert_correct(&checkout, run(&checkout, &[path(&csv)]), &csv);
    assert_eq!(checkout.resources(), Vec::<String>::new());
    let taken = format!("{}.0/29", checkout.other_network());
    engine::output(&["network", "create", "--subnet", &taken, "hestat-test-taken"]);
    let refused = run(&checkout, &[path(&csv)]);
    engine::output(&["network", "rm", "hestat-test-taken"]);
    refused.expect_code(1).says(&["if their network overlaps with another one, set HESTAT_NETWORK="]);
    assert_eq!(checkout.resources(), Vec::<String>::new());
    engine::output(&["create", "--name", "client", "hestat-client"]);
    let refused = run(&checkout, &[path(&csv)]);
    engine::output(&["rm", "client"]);
    refused.expect_code(1).says(&["a container called client already exists"]);
    assert_eq!(checkout.resources(), Vec::<String>::new());
}

/// A user starts a job by hand while the containers are being removed.
#[test]
#[ignore = "needs a container engine"]
fn a_key_that_is_still_needed_is_not_deleted() {
    let checkout = Checkout::new();
    let csv = checkout.write_table("table.csv", &small_table(300));
    let mut jobs = 0;
    for wait in [0, 300, 700, 1100, 1500] {
        let (mut script, mut lines) = start_until(&checkout, &csv, "Stopping the containers");
        std::thread::sleep(Duration::from_millis(wait));
        let started_job = checkout.client(&["hestat", "init"]).code == Some(0);
        lines.try_for_each(|line| line.map(drop)).unwrap();
        assert_eq!(script.wait().unwrap().code(), Some(0));
        if started_job {
            eprintln!("a job was started after {wait} ms");
            jobs += 1;
            checkout.start();
            checkout.client(&["hestat", "result"]).expect_code(0);
            checkout.compose(&["down", "--volumes"]).expect_code(0);
        }
    }
    assert!(jobs > 0, "no job was started while the containers were being removed");
}

#[test]
#[ignore = "needs a container engine"]
fn containers_of_a_killed_run_are_used_by_the_next_one() {
    let checkout = Checkout::new();
    let csv = checkout.write_table("table.csv", &small_table(300));
    let mut script = checkout.run_sh(&[path(&csv)]).spawn().unwrap();
    let is_working = || checkout.client(&["sh", "-c", "ls /data/state | grep hestat-run"]).code == Some(0);
    wait_until("the client", || is_working() || script.try_wait().unwrap().is_some());
    script.kill().unwrap();
    script.wait().unwrap();
    assert_correct(&checkout, run(&checkout, &[path(&csv)]), &csv);
    assert_eq!(checkout.resources(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a container engine"]
fn a_second_concurrent_run_is_refused() {
    let checkout = Checkout::new();
    let csv = checkout.write_table("table.csv", &small_table(300));
    let first = checkout.run_sh(&[path(&csv)]).spawn().unwrap();
    wait_until("the client", || engine::run(&["container", "inspect", "client"]).code == Some(0));
    run(&checkout, &[path(&csv)]).expect_code(1).says(&["another run.sh is running here"]);
    assert_correct(&checkout, first.wait_with_output().unwrap().into(), &csv);
}

#[test]
#[ignore = "needs a container engine"]
fn existing_base_images_are_left_alone() {
    let checkout = Checkout::new();
    let identity =
        || engine::output(&["image", "inspect", "--format", "{{.Id}}", "debian:bookworm-slim", "rust:1.95-bookworm"]);
    let before = identity();
    let script = |arguments: &[&str]| {
        CommandOutput::from(checkout.command("docker/base-images.sh", arguments).output().unwrap())
    };
    script(&[]).expect_code(0).says(&["debian:bookworm-slim and rust:1.95-bookworm already exist"]);
    assert_eq!(identity(), before);
    script(&["--nonsense"]).expect_code(2).says(&["usage: "]);
    assert!(script(&["--help"]).expect_code(0).stdout.contains("DEBIAN_MIRROR"));
}

#[test]
#[ignore = "needs a container engine"]
fn a_missing_engine_or_base_image_is_reported() {
    let checkout = Checkout::new();
    let output = |command: &mut Command| CommandOutput::from(command.output().unwrap());
    let mut command = checkout.run_sh(&["--containers"]);
    output(command.env("DOCKER_HOST", "tcp://127.0.0.1:1"))
        .expect_code(1)
        .says(&["no container engine is running", "docker/base-images.sh"]);
    let mut command = checkout.run_sh(&["--containers"]);
    let missing = output(command.env("HESTAT_DEBIAN_IMAGE", "localhost:1/debian:none")).expect_code(1);
    missing.says(&["localhost:1/debian:none", "cannot be pulled", "docker/base-images.sh"]);
    // The script falls back to running locally, which fails here because cargo is missing.
    let mut command = checkout.run_sh(&[]);
    let local = output(command.env("DOCKER_HOST", "tcp://127.0.0.1:1").env("PATH", "/usr/bin:/bin")).expect_code(1);
    local.says(&["Running without containers: no container engine is running", "cargo is missing"]);
    for (arguments, code, words) in [
        (&["--containers", "--local"][..], 2, "cannot be used together"),
        (&["--nonsense"], 2, "unknown option --nonsense"),
        (&["a.csv", "b.csv"], 2, "give one CSV file"),
        (&["missing.csv"], 3, "missing.csv"),
        (&["--containers", "data"], 3, "data"),
    ] {
        run(&checkout, arguments).expect_code(code).says(&[words]);
    }
    assert!(run(&checkout, &["--help"]).expect_code(0).stdout.contains("--containers"));
}
