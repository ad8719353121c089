//! A separate checkout for each test, and the containers started from it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::engine;
use super::environment::{self, Environment};
use crate::sandbox::{CommandOutput, UNIGNORED, remove_configuration, wait_until};

/// The files of a checkout that the tests need.
const FILES: [&str; 9] = [
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

/// A fresh checkout. Dropping it removes its containers, networks and volumes.
pub(super) struct Checkout {
    directory: TempDir,
    /// Names of additional compose files.
    overrides: Vec<String>,
    environment: Environment,
}

impl Checkout {
    pub(super) fn new() -> Self {
        let environment = environment::acquire();
        let directory = tempfile::Builder::new().prefix(environment::PREFIX).tempdir().unwrap();
        fs::create_dir_all(directory.path().join("data/fog")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in FILES.iter().chain(&["data/framingham_synthetic.csv"]) {
            let copied = Command::new("cp").arg("-r").arg(source.join(file)).arg(directory.path().join(file)).status();
            assert!(copied.unwrap().success(), "{file}");
        }
        let checkout = Self { directory, overrides: Vec::new(), environment };
        checkout.configure("");
        checkout
    }

    /// Sets the variables in `.env`, replacing earlier ones.
    pub(super) fn configure(&self, variables: &str) {
        let network = if self.network() == environment::DEFAULT_NETWORK {
            String::new()
        } else {
            format!("HESTAT_NETWORK={}\n", self.network())
        };
        fs::write(self.at(".env"), network + variables).unwrap();
    }

    /// Returns the first three bytes of the network's addresses.
    pub(super) fn network(&self) -> &str {
        &self.environment.networks[0]
    }

    /// Returns the same for another free network.
    pub(super) fn other_network(&self) -> &str {
        &self.environment.networks[1]
    }

    /// Returns the address with this last byte.
    pub(super) fn address(&self, last: u8) -> String {
        format!("{}.{last}", self.network())
    }

    /// Returns a checkout whose containers are running and whose client reaches the server.
    pub(super) fn up() -> Self {
        let checkout = Self::new();
        checkout.start();
        checkout
    }

    /// Starts or updates the containers.
    pub(super) fn start(&self) {
        self.compose(&["up", "-d", "--build"]).expect_code(0);
        wait_until("the server", || self.client(&["hestat", "ping", "--quiet", "--retries", "0"]).code == Some(0));
    }

    /// Adds a compose file.
    pub(super) fn override_with(&mut self, compose_file: &str) {
        let name = format!("override-{}.yml", self.overrides.len());
        fs::write(self.at(&name), compose_file).unwrap();
        self.overrides.push(name);
    }

    /// Starts without the additional compose files from now on.
    pub(super) fn clear_overrides(&mut self) {
        self.overrides.clear();
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns a path in the checkout.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Returns a command that runs in the checkout.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        remove_configuration(&mut command);
        command.args(arguments).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Returns a command for docker compose, or for docker-compose if the plugin is missing.
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

    /// Runs a command in the client's container.
    #[expect(clippy::unused_self, reason = "there is a client while there is a checkout")]
    pub(super) fn client(&self, arguments: &[&str]) -> CommandOutput {
        engine::run(&[&["exec", "client"], arguments].concat())
    }

    /// Runs a command in the server's container.
    #[expect(clippy::unused_self, reason = "there is a server while there is a checkout")]
    pub(super) fn server(&self, arguments: &[&str]) -> CommandOutput {
        engine::run(&[&["exec", "server"], arguments].concat())
    }

    /// Returns compose's project name for this checkout.
    pub(super) fn project(&self) -> String {
        let name = self.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
    }

    /// Returns the containers, volumes and networks of this checkout.
    pub(super) fn resources(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.project());
        let listed = [
            engine::output(&["ps", "--all", "--quiet", "--filter", &filter]),
            engine::output(&["volume", "ls", "--quiet", "--filter", &filter]),
            engine::output(&["network", "ls", "--quiet", "--filter", &filter]),
        ];
        listed.iter().flat_map(|list| list.lines()).map(str::to_owned).collect()
    }

    /// Writes a table that the client's container can read.
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
            eprintln!("log of the server:\n{}", engine::run(&["logs", "--tail", "40", "server"]).stderr);
        }
        let mut down = self.compose_command(&["down", "--volumes", "--remove-orphans", "--timeout", "1"]);
        let output: CommandOutput = down.env("COMPOSE_PROFILES", "vsftpd,fog").output().unwrap().into();
        if !std::thread::panicking() {
            assert_eq!(output.code, Some(0), "{}", output.stderr);
            assert_eq!(self.resources(), Vec::<String>::new());
        }
    }
}
