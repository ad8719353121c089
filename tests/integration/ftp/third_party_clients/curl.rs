//! curl, with OpenSSL.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::large_files::two_gigabytes;
use super::scenario::{ThirdPartyClient, common_operations};
use crate::programs::{program, run};
use crate::sandbox::{TestServer, path};

struct Curl {
    address: String,
    certificate: String,
    accounts: String,
}

impl Curl {
    fn command(&self, name: &str) -> Command {
        let mut command = program("curl");
        command.args(["--disable", "--silent", "--show-error", "--ssl-reqd", "--max-time", "100"]);
        command.args(["--cacert", &self.certificate, "--netrc-file", &self.accounts]);
        command.arg(format!("{}/{}", self.address, encoded(name)));
        command
    }

    fn succeed(&self, name: &str, arguments: &[&str]) -> String {
        run(self.command(name).args(arguments)).expect_code(0).stdout
    }

    /// Sends FTP commands; curl then lists the root, because it always needs a transfer.
    fn quote(&self, commands: &[String]) {
        let mut command = self.command("");
        command.arg("--list-only");
        run(command.args(commands.iter().flat_map(|line| ["--quote", line]))).expect_code(0);
    }
}

impl ThirdPartyClient for Curl {
    fn of(served: &TestServer) -> Self {
        let account = format!("machine 127.0.0.1 login {} password {}\n", served.user(), served.password());
        let accounts = path(&served.sandbox.write("accounts", account)).into();
        let address = format!("ftp://127.0.0.1:{}", served.address().port());
        Self { address, certificate: served.certificate().into(), accounts }
    }

    fn list(&self, directory: &str) -> String {
        self.succeed(&format!("{directory}/"), &[])
    }

    fn put(&self, local: &Path, name: &str) {
        self.succeed(name, &["--upload-file", path(local)]);
    }

    fn get(&self, name: &str, local: &Path) {
        self.succeed(name, &["--output", path(local)]);
    }

    fn show(&self, name: &str) -> Command {
        self.command(name)
    }

    fn slow_put(&self, local: &Path, name: &str) -> Command {
        let mut command = self.command(name);
        command.args(["--limit-rate", "1M", "--upload-file", path(local)]);
        command
    }

    fn resume_put(&self, local: &Path, name: &str) {
        self.succeed(name, &["--continue-at", "-", "--upload-file", path(local)]);
    }

    fn resume_get(&self, name: &str, local: &Path) {
        self.succeed(name, &["--continue-at", "-", "--output", path(local)]);
    }

    fn make_directory(&self, name: &str) {
        self.quote(&[format!("MKD {name}")]);
    }

    fn rename(&self, from: &str, to: &str) {
        self.quote(&[format!("RNFR {from}"), format!("RNTO {to}")]);
    }

    fn delete(&self, name: &str) {
        self.quote(&[format!("DELE {name}")]);
    }
}

/// Percent-encodes a path (RFC 3986, section 2.1).
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'/' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => text.push(byte.into()),
            _ => write!(text, "%{byte:02X}").unwrap(),
        }
        text
    })
}

#[test]
fn common_operations_by_curl() {
    common_operations::<Curl>();
}

#[test]
fn two_gigabytes_by_curl() {
    two_gigabytes::<Curl>();
}

#[test]
fn curl_with_pasv_and_with_each_tls_version() {
    let served = TestServer::new(&[]);
    std::fs::write(served.at("file"), "content").unwrap();
    let client = Curl::of(&served);
    for options in [["--disable-epsv", "--silent"], ["--tls-max", "1.2"], ["--tlsv1.3", "--silent"]] {
        assert_eq!(client.succeed("file", &options), "content", "{options:?}");
    }
}

/// curl exits with 60 for an untrusted certificate.
#[test]
fn curl_rejects_an_untrusted_certificate() {
    let (served, other) = (TestServer::new(&[]), TestServer::new(&[]));
    let untrusting = Curl { certificate: other.certificate().into(), ..Curl::of(&served) };
    run(&mut untrusting.command("")).expect_code(60);
    assert!(!served.log().contains("login") && !served.log().contains("logged in"), "{}", served.log());
}

/// curl exits with 67 if the login is refused. The reason here is the missing TLS, not the password.
#[test]
fn curl_without_tls_cannot_log_in() {
    let served = TestServer::new(&[]);
    let client = Curl::of(&served);
    let mut command = program("curl");
    command.args(["--disable", "--silent", "--show-error", "--netrc-file", &client.accounts, &client.address]);
    run(&mut command).expect_code(67).says(&["Access denied: 534"]);
    // Neither an accepted nor a refused login.
    assert!(!served.log().contains("login") && !served.log().contains("logged in"), "{}", served.log());
    client.list("");
}
