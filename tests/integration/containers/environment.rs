//! Exclusive use of the container engine: these tests need container names and a network that may already be in use.

use std::fs::File;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::engine;

/// The prefix of each checkout's directory, and so of compose's project names.
pub(super) const PREFIX: &str = "hestat-containers-";

/// The first three bytes of the addresses in `docker-compose.yml`.
pub(super) const DEFAULT_NETWORK: &str = "192.168.125";

/// Alternatives if that network is in use.
const OTHER_NETWORKS: [&str; 4] = ["10.77.7", "172.30.125", "192.168.77", "10.125.99"];

/// Exclusive use of the engine while a test runs, because only one container can be called `client` at a time.
pub(super) struct Environment {
    /// Free networks.
    pub(super) networks: &'static [String; 2],
    _turn: MutexGuard<'static, ()>,
}

/// Waits for exclusive use of the engine and checks that the container names are free.
pub(super) fn acquire() -> Environment {
    static TURN: Mutex<()> = Mutex::new(());
    static CLEANED_UP: LazyLock<(File, [String; 2])> = LazyLock::new(|| (lock(), clean_up()));
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, networks) = &*CLEANED_UP;
    for name in ["client", "server", "vsftpd", "compute", "fog-client", "fog-node-1", "fog-node-2"] {
        let exists = engine::run(&["container", "inspect", name]).code == Some(0);
        assert!(!exists, "a container called {name} already exists; these tests need that name");
    }
    Environment { networks, _turn: turn }
}

/// Locks out other processes that run these tests, until this process ends.
fn lock() -> File {
    let path = std::env::temp_dir().join("hestat-containers.lock");
    // The file may belong to another user; opening it for reading suffices.
    let file = File::open(&path).or_else(|_| File::create(&path)).unwrap();
    file.lock().unwrap();
    file
}

/// Removes what killed tests have left behind. Returns two free networks.
fn clean_up() -> [String; 2] {
    let label = "{{.Label \"com.docker.compose.project\"}}";
    let leftovers = |list: &[&str], id: &str| -> Vec<String> {
        let listed = engine::output(&[list, &["--format", &format!("{id} {label}")]].concat());
        let ours = listed.lines().filter_map(|line| line.split_once(' ')).filter(|(_, name)| name.starts_with(PREFIX));
        ours.map(|(id, _)| id.to_owned()).collect()
    };
    engine::run(&["rm", "--force", "hestat-capture"]);
    for container in leftovers(&["ps", "--all"], "{{.ID}}") {
        engine::output(&["rm", "--force", &container]);
    }
    for network in leftovers(&["network", "ls"], "{{.ID}}") {
        engine::output(&["network", "rm", &network]);
    }
    for volume in leftovers(&["volume", "ls"], "{{.Name}}") {
        engine::output(&["volume", "rm", &volume]);
    }
    free_networks()
}

/// Returns two free networks, the default one if possible.
fn free_networks() -> [String; 2] {
    let mut free = [DEFAULT_NETWORK].into_iter().chain(OTHER_NETWORKS).filter(|network| is_free(network));
    [(); 2].map(|()| free.next().expect("fewer than two of the networks are free").to_owned())
}

fn is_free(network: &str) -> bool {
    let name = format!("{PREFIX}probe");
    let created = engine::run(&["network", "create", "--subnet", &format!("{network}.0/29"), &name]);
    if created.code == Some(0) {
        engine::output(&["network", "rm", &name]);
    } else {
        eprintln!("{network}.0/29 is not free: {}\n{}", created.stderr.trim_end(), engine::output(&["network", "ls"]));
    }
    created.code == Some(0)
}
