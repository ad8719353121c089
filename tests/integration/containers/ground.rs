//! What the engine has room for: these tests need names and a network that somebody else may have.

use std::fs::File;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::engine;

/// How the folder of each checkout is called, and so what compose calls its belongings.
pub(super) const PREFIX: &str = "hestat-containers-";

/// The first three numbers of the addresses in `docker-compose.yml`.
pub(super) const USUAL_NETWORK: &str = "192.168.125";

/// Where to go if they are taken.
const OTHER_NETWORKS: [&str; 4] = ["10.77.7", "172.30.125", "192.168.77", "10.125.99"];

/// What a test has for itself while it runs, since there is one container called `client` at a time.
pub(super) struct Ground {
    /// Networks that are free.
    pub(super) networks: &'static [String; 2],
    _turn: MutexGuard<'static, ()>,
}

/// Waits for the ground, and for it to be clear.
pub(super) fn take() -> Ground {
    static TURN: Mutex<()> = Mutex::new(());
    static CLEARED: LazyLock<(File, [String; 2])> = LazyLock::new(|| (lock(), clear()));
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, networks) = &*CLEARED;
    for name in ["client", "server", "vsftpd", "compute", "fog-client", "fog-node-1", "fog-node-2"] {
        let there = engine::run(&["container", "inspect", name]).code == Some(0);
        assert!(!there, "there is a container called {name} already; these tests need that name");
    }
    Ground { networks, _turn: turn }
}

/// Held until this process ends: no other one of these tests is at work.
fn lock() -> File {
    let path = std::env::temp_dir().join("hestat-containers.lock");
    // It may be another user's, for whom reading is enough.
    let file = File::open(&path).or_else(|_| File::create(&path)).unwrap();
    file.lock().unwrap();
    file
}

/// Removes what killed tests have left behind.
fn clear() -> [String; 2] {
    let label = "{{.Label \"com.docker.compose.project\"}}";
    let left = |list: &[&str], id: &str| -> Vec<String> {
        let listed = engine::ask(&[list, &["--format", &format!("{id} {label}")]].concat());
        let ours = listed.lines().filter_map(|line| line.split_once(' ')).filter(|(_, name)| name.starts_with(PREFIX));
        ours.map(|(id, _)| id.to_owned()).collect()
    };
    engine::run(&["rm", "--force", "hestat-capture"]);
    for container in left(&["ps", "--all"], "{{.ID}}") {
        engine::ask(&["rm", "--force", &container]);
    }
    for network in left(&["network", "ls"], "{{.ID}}") {
        engine::ask(&["network", "rm", &network]);
    }
    for volume in left(&["volume", "ls"], "{{.Name}}") {
        engine::ask(&["volume", "rm", &volume]);
    }
    free_networks()
}

/// The usual one and another, unless they are taken.
fn free_networks() -> [String; 2] {
    let mut free = [USUAL_NETWORK].into_iter().chain(OTHER_NETWORKS).filter(|network| is_free(network));
    [(); 2].map(|()| free.next().expect("a network that is free").to_owned())
}

fn is_free(network: &str) -> bool {
    let name = format!("{PREFIX}probe");
    let made = engine::run(&["network", "create", "--subnet", &format!("{network}.0/29"), &name]);
    if made.code == Some(0) {
        engine::ask(&["network", "rm", &name]);
    } else {
        eprintln!("{network}.0/29 is not free: {}\n{}", made.stderr.trim_end(), engine::ask(&["network", "ls"]));
    }
    made.code == Some(0)
}
