//! lftp, with GnuTLS.

use std::path::Path;
use std::process::Command;

use super::large_files::two_gigabytes;
use super::scenario::{ForeignClient, common_operations};
use crate::programs::{program, run};
use crate::sandbox::{CommandOutput, TestServer, path};

/// TLS required on all connections, the certificate verified, and no retries.
const SETTINGS: &str = "set cmd:fail-exit yes; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; \
    set ssl:verify-certificate yes; set net:max-retries 1; set net:timeout 20; set xfer:clobber yes";

struct Lftp {
    open_command: String,
    password: String,
    home: String,
}

impl Lftp {
    fn command(&self, commands: &str) -> Command {
        let mut command = program("lftp");
        command.args(["--norc", "-c", &format!("{}; {commands}", self.open_command)]);
        command.env("LFTP_PASSWORD", &self.password).env("HOME", &self.home);
        command
    }

    fn run(&self, commands: &str) -> CommandOutput {
        run(&mut self.command(commands))
    }

    fn succeed(&self, commands: &str) -> String {
        self.run(commands).expect_code(0).stdout
    }
}

impl ForeignClient for Lftp {
    fn of(served: &TestServer) -> Self {
        let (certificate, user, port) = (served.certificate(), served.user(), served.address().port());
        let open_command = format!(
            "{SETTINGS}; set ssl:ca-file {}; open --env-password -u {user} -p {port} 127.0.0.1",
            quoted(certificate)
        );
        Self { open_command, password: served.password(), home: path(&served.sandbox.work()).into() }
    }

    fn list(&self, directory: &str) -> String {
        self.succeed(&format!("ls {}", quoted(directory)))
    }

    fn put(&self, local: &Path, name: &str) {
        self.succeed(&format!("put {} -o {}", quoted(path(local)), quoted(name)));
    }

    fn get(&self, name: &str, local: &Path) {
        self.succeed(&format!("get {} -o {}", quoted(name), quoted(path(local))));
    }

    fn show(&self, name: &str) -> Command {
        self.command(&format!("cat {}", quoted(name)))
    }

    fn slow_put(&self, local: &Path, name: &str) -> Command {
        self.command(&format!("set net:limit-rate 1000000; put {} -o {}", quoted(path(local)), quoted(name)))
    }

    fn resume_put(&self, local: &Path, name: &str) {
        self.succeed(&format!("put -c {} -o {}", quoted(path(local)), quoted(name)));
    }

    fn resume_get(&self, name: &str, local: &Path) {
        self.succeed(&format!("get -c {} -o {}", quoted(name), quoted(path(local))));
    }

    fn make_directory(&self, name: &str) {
        self.succeed(&format!("mkdir {}", quoted(name)));
    }

    fn rename(&self, from: &str, to: &str) {
        self.succeed(&format!("mv {} {}", quoted(from), quoted(to)));
    }

    fn delete(&self, name: &str) {
        self.succeed(&format!("rm {}", quoted(name)));
    }
}

/// Quotes a word for lftp's shell.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn lftp() {
    common_operations::<Lftp>();
}

#[test]
fn two_gigabytes_by_lftp() {
    two_gigabytes::<Lftp>();
}

#[test]
fn lftp_reads_every_kind_of_listing() {
    let served = TestServer::new(&[]);
    std::fs::create_dir(served.at("a subdirectory")).unwrap();
    std::fs::write(served.at("a file"), vec![0; 12_345]).unwrap();
    let client = Lftp::of(&served);
    for use_facts in ["yes", "no"] {
        let list = client.succeed(&format!("set ftp:use-mlsd {use_facts}; cls -1 --classify --sort=name"));
        assert_eq!(list, "a file\na subdirectory/\n");
        let sizes = client.succeed(&format!("set ftp:use-mlsd {use_facts}; cls -1 --size --block-size=1 'a file'"));
        assert_eq!(sizes.trim(), "12345 a file");
    }
    assert_eq!(client.succeed("nlist"), "a file\na subdirectory\n");
}

#[test]
fn lftp_does_not_trust_another_certificate() {
    let (served, other) = (TestServer::new(&[]), TestServer::new(&[]));
    let refused = Lftp { open_command: Lftp::of(&other).open_command, ..Lftp::of(&served) };
    let open_command = refused
        .open_command
        .replace(&format!("-p {}", other.address().port()), &format!("-p {}", served.address().port()));
    let output = Lftp { open_command, ..refused }.run("ls").expect_code(1);
    assert!(output.stderr.contains("ertificate"), "{output:?}");
}
