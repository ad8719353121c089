//! A checkout of its own for each test, and the containers that are started from it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::engine;
use super::ground::{self, Ground};
use crate::sandbox::{CommandOutput, UNIGNORED, wait_until};

/// What a checkout needs for containers.
const PARTS: [&str; 9] = [
    ".dockerignore",
    "Cargo.lock",
    "Cargo.toml",
    "docker",
    "docker-compose.yml",
    "run.sh",
    "src",
    "data/README.md",
    "data/fog/README.md",
];

/// A fresh checkout; its containers, network and volumes are gone when it is dropped.
pub(super) struct Checkout {
    folder: TempDir,
    /// Compose files beside the usual one, and variables.
    overrides: Vec<String>,
    ground: Ground,
}

impl Checkout {
    pub(super) fn new() -> Self {
        let ground = ground::take();
        let folder = tempfile::Builder::new().prefix(ground::PREFIX).tempdir().unwrap();
        fs::create_dir_all(folder.path().join("data/fog")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in PARTS.iter().chain(&["data/framingham_synthetic.csv"]) {
            let copied = Command::new("cp").arg("-r").arg(source.join(part)).arg(folder.path().join(part)).status();
            assert!(copied.unwrap().success(), "{part}");
        }
        let checkout = Self { folder, overrides: Vec::new(), ground };
        checkout.configure("");
        checkout
    }

    /// From now on these variables count, and no others.
    pub(super) fn configure(&self, variables: &str) {
        let network = if self.network() == ground::USUAL_NETWORK {
            String::new()
        } else {
            format!("HESTAT_NETWORK={}\n", self.network())
        };
        if !(network.is_empty() && variables.is_empty()) {
            fs::write(self.at(".env"), network + variables).unwrap();
        }
    }

    /// The first three numbers of its addresses.
    pub(super) fn network(&self) -> &str {
        &self.ground.networks[0]
    }

    /// Those of a network that is free.
    pub(super) fn another_network(&self) -> &str {
        &self.ground.networks[1]
    }

    /// The address with this last number.
    pub(super) fn address(&self, last: u8) -> String {
        format!("{}.{last}", self.network())
    }

    /// One whose containers are up, and whose client reaches the server.
    pub(super) fn up() -> Self {
        let checkout = Self::new();
        checkout.start();
        checkout
    }

    /// Starts what is not running, with whatever has changed.
    pub(super) fn start(&self) {
        self.compose(&["up", "-d", "--build"]).expect_code(0);
        wait_until("the server", || self.client(&["hestat", "ping", "--quiet", "--retries", "0"]).code == Some(0));
    }

    /// From now on this compose file counts, too.
    pub(super) fn override_with(&mut self, compose_file: &str) {
        let name = format!("override-{}.yml", self.overrides.len());
        fs::write(self.at(&name), compose_file).unwrap();
        self.overrides.push(name);
    }

    /// From now on only the usual compose file counts.
    pub(super) fn override_no_more(&mut self) {
        self.overrides.clear();
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// A program that runs in it.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HESTAT_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// docker-compose, or docker compose where that is what there is.
    pub(super) fn compose_command(&self, arguments: &[&str]) -> Command {
        let plugin = engine::run(&["compose", "version"]).code == Some(0);
        let (program, first) = if plugin { ("docker", Some("compose")) } else { ("docker-compose", None) };
        let files = ["docker-compose.yml"].into_iter().chain(self.overrides.iter().map(String::as_str));
        let files: Vec<&str> = files.flat_map(|file| ["-f", file]).collect();
        let all: Vec<&str> = first.into_iter().chain(files).chain(arguments.iter().copied()).collect();
        self.command(program, &all)
    }

    pub(super) fn compose(&self, arguments: &[&str]) -> CommandOutput {
        self.compose_command(arguments).output().unwrap().into()
    }

    pub(super) fn run_sh(&self, arguments: &[&str]) -> Command {
        self.command("env", &[&[UNIGNORED, "./run.sh"], arguments].concat())
    }

    /// Runs a command in the client.
    #[expect(clippy::unused_self, reason = "there is a client while there is a checkout")]
    pub(super) fn client(&self, arguments: &[&str]) -> CommandOutput {
        engine::run(&[&["exec", "client"], arguments].concat())
    }

    /// Runs a command in the server.
    #[expect(clippy::unused_self, reason = "there is a server while there is a checkout")]
    pub(super) fn server(&self, arguments: &[&str]) -> CommandOutput {
        engine::run(&[&["exec", "server"], arguments].concat())
    }

    /// What compose calls all that belongs to this checkout.
    pub(super) fn project(&self) -> String {
        let name = self.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
    }

    /// Its volumes, network and containers.
    pub(super) fn belongings(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.project());
        let listed = [
            engine::ask(&["ps", "--all", "--quiet", "--filter", &filter]),
            engine::ask(&["volume", "ls", "--quiet", "--filter", &filter]),
            engine::ask(&["network", "ls", "--quiet", "--filter", &filter]),
        ];
        listed.iter().flat_map(|list| list.lines()).map(str::to_owned).collect()
    }

    /// The table that the client reads from now on; others may read it.
    pub(super) fn write_table(&self, name: &str, csv: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, csv).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server said:\n{}", engine::run(&["logs", "--tail", "40", "server"]).stderr);
        }
        let mut down = self.compose_command(&["down", "--volumes", "--remove-orphans", "--timeout", "1"]);
        let ended: CommandOutput = down.env("COMPOSE_PROFILES", "vsftpd,fog").output().unwrap().into();
        if !std::thread::panicking() {
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            assert_eq!(self.belongings(), Vec::<String>::new());
        }
    }
}
