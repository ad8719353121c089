//! The privileges of the processes in the containers.

use std::time::Duration;

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::wait_until;

/// A script that tries to write to every directory and every mounted file. It prints those where it succeeds.
const TRY_EVERYWHERE: &str = "
mounts=$(cut -d' ' -f2 /proc/mounts)
for directory in $(find / -xdev -type d 2>/dev/null) $mounts /dev /dev/shm /run /proc /sys /identity /server /state /input; do
    touch $directory/.tried 2>/dev/null && { echo $directory; rm $directory/.tried; }
done
for file in $mounts; do
    [ -f $file ] && (: >> $file) 2>/dev/null && echo $file
done; true";

#[test]
#[ignore = "needs a container engine"]
fn no_process_is_root_has_a_capability_or_writes_elsewhere() {
    let checkout = Checkout::up();
    for (name, user, writable) in
        [("client", "65001", vec!["/data", "/data/state", "/tmp"]), ("server", "65002", vec!["/data", "/tmp"])]
    {
        assert_confined(name, user, &writable);
        // Secrets are passed as paths.
        let description = engine::run(&["inspect", name]).stdout;
        assert!(!description.contains(password(&checkout).as_str()));
        let logs = engine::run(&["logs", name]);
        assert!(!(logs.stdout + &logs.stderr).contains(password(&checkout).as_str()));
    }
    let modes = checkout.client(&["sh", "-c", "stat -c %a /server/* /data/state /data/state/*"]).stdout;
    assert!(modes.lines().all(|mode| mode == "600" || mode == "700"), "{modes}");
    let modes = checkout.server(&["sh", "-c", "stat -c %n:%a /identity/key.pem /identity/password /identity"]).stdout;
    assert_eq!(modes, "/identity/key.pem:600\n/identity/password:600\n/identity:700\n");
    assert_eq!(checkout.client(&["ls", "/identity"]).code, Some(2));
    assert_eq!(checkout.server(&["ls", "/input"]).code, Some(2));
    // Only the client has the table, and cannot change it.
    assert_ne!(checkout.client(&["sh", "-c", "echo >> /input/table.csv"]).code, Some(0));
}

/// Asserts that all processes in this container run as `user` without capabilities, and write only to `writable`.
#[track_caller]
pub(super) fn assert_confined(name: &str, user: &str, writable: &[&str]) {
    let run = |script: &str| engine::output(&["exec", name, "sh", "-c", script]);
    let statuses = run("cat /proc/[0-9]*/status 2>/dev/null; true");
    let of = |key: &str| -> Vec<String> {
        statuses.lines().filter_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned()).collect()
    };
    assert!(of("Uid:").len() > 1 && of("Uid:").iter().all(|uid| *uid == [user; 4].join("\t")), "{name} {statuses}");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert!(of(set).iter().all(|set| set == "0000000000000000"), "{name} {set} {statuses}");
    }
    assert!(of("NoNewPrivs:").iter().all(|is_set| is_set == "1"), "{name} {statuses}");
    let written = run(TRY_EVERYWHERE);
    assert!(written.lines().all(|directory| writable.contains(&directory)), "{name} writes in {written}");
    assert!(written.contains("/tmp"), "{written}");
    // The root file system is read-only.
    assert_eq!(engine::inspect(name, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}"), "true false");
}

/// Services that run as root on files of other users, who may place links there, have only the mounts they need.
#[test]
#[ignore = "needs a container engine"]
fn services_that_share_a_directory_have_no_other_mounts() {
    let checkout = Checkout::up();
    let mounts = "{{range .Mounts}}{{.Destination}} {{end}}{{.HostConfig.NetworkMode}}";
    let expected_mounts = [
        ("setup", "/identity /introduction /keys none"),
        ("share-client", "/owner /shared none"),
        ("share-server", "/owner /shared none"),
    ];
    for (service, expected) in expected_mounts {
        let container = checkout.compose(&["ps", "--all", "--quiet", service]).expect_code(0).stdout;
        let mounted = engine::inspect(container.trim(), mounts);
        let mut words: Vec<&str> = mounted.split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>(), "{service}");
    }
}

/// Starting the containers again does not interrupt the running ones.
#[test]
#[ignore = "needs a container engine"]
fn a_repeated_start_does_not_interrupt_running_containers() {
    let checkout = Checkout::up();
    let ping = ["exec", "client", "sh", "-c", "while hestat ping --quiet --retries 0; do :; done"];
    let mut pings = engine::command(&ping).spawn().unwrap();
    for _ in 0..4 {
        checkout.compose(&["up", "-d"]).expect_code(0);
    }
    let is_running = pings.try_wait().unwrap().is_none();
    engine::output(&["restart", "--time", "1", "client"]);
    let output = pings.wait_with_output().unwrap();
    assert!(is_running, "a ping failed: {}", String::from_utf8_lossy(&output.stderr));
}

fn password(checkout: &Checkout) -> String {
    checkout.client(&["cat", "/server/password"]).stdout.trim().into()
}

/// Both containers pass a health check over FTPS, do the main job within their memory limit, and stop within one
/// second.
#[test]
#[ignore = "needs a container engine"]
fn containers_are_healthy_need_little_memory_and_stop_quickly() {
    let checkout = Checkout::up();
    assert_eq!(checkout.server(&["hestat", "ping", "--quiet"]).code, Some(0));
    for name in ["client", "server"] {
        let check = engine::inspect(name, "{{json .Config.Healthcheck.Test}}");
        assert_eq!(check, r#"["CMD","hestat","ping","--quiet"]"#);
        wait_until("health", || engine::inspect(name, "{{.State.Health.Status}}") == "healthy");
    }
    let upload_command = "hestat sample --rows 400000 --output /data/big.csv && hestat init --input /data/big.csv";
    checkout.client(&["sh", "-c", upload_command]).expect_code(0);
    checkout.client(&["hestat", "result", "--check", "/data/big.csv"]).expect_code(0);
    // Another upload is in progress when the containers are stopped.
    let mut upload =
        engine::command(&["exec", "client", "hestat", "init", "--input", "/data/big.csv"]).spawn().unwrap();
    let uploads =
        || engine::output(&["exec", "server", "sh", "-c", "ls /data/inbox/*/*.part 2>/dev/null | wc -l"]) != "0";
    wait_until("an upload", || uploads() || upload.try_wait().unwrap().is_some());
    for name in ["client", "server"] {
        let limit: u64 = engine::inspect(name, "{{.HostConfig.Memory}}").parse().unwrap();
        assert!((1..=256 << 20).contains(&limit), "{limit}");
        let elapsed = engine::stop(name);
        assert!(elapsed < Duration::from_secs(1), "{name} took {elapsed:?}");
        assert_eq!(engine::inspect(name, "{{.State.ExitCode}} {{.State.OOMKilled}}"), "0 false", "{name}");
    }
    let _ = upload.kill().and_then(|()| upload.wait());
    // Nothing is lost: the interrupted upload resumes.
    checkout.start();
    let jobs = checkout.client(&["hestat", "jobs", "--json"]).json();
    let spooled = jobs.as_array().unwrap().iter().find(|job| job["phase"] == "spooled");
    if let Some(job) = spooled {
        checkout.client(&["hestat", "init", "--resume", job["job"].as_str().unwrap()]).expect_code(0);
    }
    checkout.client(&["hestat", "result", "--check", "/data/big.csv"]).expect_code(0);
}
