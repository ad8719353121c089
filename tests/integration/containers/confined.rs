//! What the processes in the containers may do.

use std::time::{Duration, Instant};

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::wait_until;

/// Writes wherever a process could try to.
const TRY_EVERYWHERE: &str = "
mounts=$(cut -d' ' -f2 /proc/mounts)
for folder in $(find / -xdev -type d 2>/dev/null) $mounts /dev /dev/shm /run /proc /sys /identity /server /state /input; do
    touch $folder/.tried 2>/dev/null && { echo $folder; rm $folder/.tried; }
done
for file in $mounts; do
    [ -f $file ] && (: >> $file) 2>/dev/null && echo $file
done; true";

#[test]
#[ignore = "needs a container engine"]
fn no_process_is_root_has_a_capability_or_writes_elsewhere() {
    let checkout = Checkout::up();
    for (name, user, most) in
        [("client", "65001", vec!["/data", "/data/state", "/tmp"]), ("server", "65002", vec!["/data", "/tmp"])]
    {
        assert_confined(name, user, &most);
        // Secrets are paths.
        let told = engine::run(&["inspect", name]).stdout;
        assert!(!told.contains(password(&checkout).as_str()));
        let logged = engine::run(&["logs", name]);
        assert!(!(logged.stdout + &logged.stderr).contains(password(&checkout).as_str()));
    }
    let modes = checkout.client(&["sh", "-c", "stat -c %a /server/* /data/state /data/state/*"]).stdout;
    assert!(modes.lines().all(|mode| mode == "600" || mode == "700"), "{modes}");
    let modes = checkout.server(&["sh", "-c", "stat -c %n:%a /identity/key.pem /identity/password /identity"]).stdout;
    assert_eq!(modes, "/identity/key.pem:600\n/identity/password:600\n/identity:700\n");
    assert_eq!(checkout.client(&["ls", "/identity"]).code, Some(2));
    assert_eq!(checkout.server(&["ls", "/input"]).code, Some(2));
    // The table is in the client alone, and stays as it is.
    assert_ne!(checkout.client(&["sh", "-c", "echo >> /input/table.csv"]).code, Some(0));
}

/// Nothing in this container is another user, may do what only root may, or writes elsewhere.
#[track_caller]
pub(super) fn assert_confined(name: &str, user: &str, most: &[&str]) {
    let run = |script: &str| engine::ask(&["exec", name, "sh", "-c", script]);
    let statuses = run("cat /proc/[0-9]*/status 2>/dev/null; true");
    let of = |what: &str| -> Vec<String> {
        statuses.lines().filter_map(|line| line.strip_prefix(what)).map(|value| value.trim().to_owned()).collect()
    };
    assert!(of("Uid:").len() > 1 && of("Uid:").iter().all(|uid| *uid == [user; 4].join("\t")), "{name} {statuses}");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert!(of(set).iter().all(|set| set == "0000000000000000"), "{name} {set} {statuses}");
    }
    assert!(of("NoNewPrivs:").iter().all(|is_set| is_set == "1"), "{name} {statuses}");
    let written = run(TRY_EVERYWHERE);
    assert!(written.lines().all(|folder| most.contains(&folder)), "{name} writes in {written}");
    assert!(written.contains("/tmp"), "{written}");
    // The root of all of it is a disk of its own, read-only.
    assert_eq!(engine::inspect(name, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}"), "true false");
}

/// What runs as root beside others, who may put links in its way, has what it needs and no more.
#[test]
#[ignore = "needs a container engine"]
fn what_shares_a_folder_sees_no_other() {
    let checkout = Checkout::up();
    let places = "{{range .Mounts}}{{.Destination}} {{end}}{{.HostConfig.NetworkMode}}";
    let preparing = [
        ("setup", "/identity /introduction /keys none"),
        ("share-client", "/owner /shared none"),
        ("share-server", "/owner /shared none"),
    ];
    for (service, expected) in preparing {
        let container = checkout.compose(&["ps", "--all", "--quiet", service]).expect_code(0).stdout;
        let told = engine::inspect(container.trim(), places);
        let mut words: Vec<&str> = told.split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>(), "{service}");
    }
}

/// The others notice nothing while the containers are started once more.
#[test]
#[ignore = "needs a container engine"]
fn a_start_while_they_are_up_disturbs_nobody() {
    let checkout = Checkout::up();
    let ping = ["exec", "client", "sh", "-c", "while hestat ping --quiet --retries 0; do :; done"];
    let mut pings = engine::command(&ping).spawn().unwrap();
    for _ in 0..4 {
        checkout.compose(&["up", "-d"]).expect_code(0);
    }
    let still = pings.try_wait().unwrap().is_none();
    engine::ask(&["restart", "--time", "1", "client"]);
    let ended = pings.wait_with_output().unwrap();
    assert!(still, "{}", String::from_utf8_lossy(&ended.stderr));
}

fn password(checkout: &Checkout) -> String {
    checkout.client(&["cat", "/server/password"]).stdout.trim().into()
}

fn duration<T>(what: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    drop(what());
    begin.elapsed()
}

/// Both are healthy by speaking FTPS, do the main job within their memory, and are gone within a second of SIGTERM.
#[test]
#[ignore = "needs a container engine"]
fn they_are_healthy_frugal_and_quick_to_stop() {
    let checkout = Checkout::up();
    assert_eq!(checkout.server(&["hestat", "ping", "--quiet"]).code, Some(0));
    for name in ["client", "server"] {
        let check = engine::inspect(name, "{{json .Config.Healthcheck.Test}}");
        assert_eq!(check, r#"["CMD","hestat","ping","--quiet"]"#);
        wait_until("health", || engine::inspect(name, "{{.State.Health.Status}}") == "healthy");
    }
    let begin = "hestat sample --rows 400000 --output /data/big.csv && hestat init --input /data/big.csv";
    checkout.client(&["sh", "-c", begin]).expect_code(0);
    checkout.client(&["hestat", "result", "--check", "/data/big.csv"]).expect_code(0);
    // One more upload is under way when they are asked to stop.
    let mut upload =
        engine::command(&["exec", "client", "hestat", "init", "--input", "/data/big.csv"]).spawn().unwrap();
    let uploads = || engine::ask(&["exec", "server", "sh", "-c", "ls /data/inbox/*/*.part 2>/dev/null | wc -l"]) != "0";
    wait_until("an upload", || uploads() || upload.try_wait().unwrap().is_some());
    for name in ["client", "server"] {
        let limit: u64 = engine::inspect(name, "{{.HostConfig.Memory}}").parse().unwrap();
        assert!((1..=256 << 20).contains(&limit), "{limit}");
        let took = duration(|| engine::ask(&["stop", name]));
        // What the command line itself takes is not the container's.
        let overhead = duration(|| engine::ask(&["version"]));
        assert!(took < Duration::from_secs(1) + overhead, "{name} took {took:?}");
        assert_eq!(engine::inspect(name, "{{.State.ExitCode}} {{.State.OOMKilled}}"), "0 false", "{name}");
    }
    drop(upload.kill().and_then(|()| upload.wait()));
    // Nothing is lost: what was broken off goes on.
    checkout.start();
    let jobs = checkout.client(&["hestat", "jobs", "--json"]).json();
    let spooled = jobs.as_array().unwrap().iter().find(|job| job["phase"] == "spooled");
    if let Some(job) = spooled {
        checkout.client(&["hestat", "init", "--resume", job["job"].as_str().unwrap()]).expect_code(0);
    }
    checkout.client(&["hestat", "result", "--check", "/data/big.csv"]).expect_code(0);
}
