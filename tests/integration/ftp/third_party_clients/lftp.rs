//! lftp, with GnuTLS.

use std::path::Path;
use std::process::Command;

use super::large_files::two_gigabytes;
use super::scenario::{ThirdPartyClient, common_operations};
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
    /// Returns a client of this server that trusts the certificates in `ca_file`.
    fn new(served: &TestServer, ca_file: &str) -> Self {
        let (user, port) = (served.user(), served.address().port());
        let open_command = format!(
            "{SETTINGS}; set ssl:ca-file {}; open --env-password -u {user} -p {port} 127.0.0.1",
            quoted(ca_file)
        );
        Self { open_command, password: served.password(), home: path(&served.sandbox.work()).into() }
    }

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

impl ThirdPartyClient for Lftp {
    fn of(served: &TestServer) -> Self {
        Self::new(served, served.certificate())
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
fn common_operations_by_lftp() {
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
    for use_mlsd in ["yes", "no"] {
        let list = client.succeed(&format!("set ftp:use-mlsd {use_mlsd}; cls -1 --classify --sort=name"));
        assert_eq!(list, "a file\na subdirectory/\n");
        let sizes = client.succeed(&format!("set ftp:use-mlsd {use_mlsd}; cls -1 --size --block-size=1 'a file'"));
        assert_eq!(sizes.trim(), "12345 a file");
    }
    assert_eq!(client.succeed("nlist"), "a file\na subdirectory\n");
}

#[test]
fn lftp_rejects_an_untrusted_certificate() {
    let (served, other) = (TestServer::new(&[]), TestServer::new(&[]));
    let output = Lftp::new(&served, other.certificate()).run("ls").expect_code(1);
    // The message begins with a capital letter or not, depending on the version.
    assert!(output.stderr.contains("ertificate"), "{output:?}");
}
