//! curl, over OpenSSL.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::big::two_gigabytes;
use super::repertoire::{ForeignClient, all_of_it};
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

    /// Commands of FTP, after a look at the root.
    fn say(&self, commands: &[String]) {
        let mut command = self.command("");
        command.arg("--list-only");
        run(command.args(commands.iter().flat_map(|said| ["--quote", said]))).expect_code(0);
    }
}

impl ForeignClient for Curl {
    fn of(served: &TestServer) -> Self {
        let account = format!("machine 127.0.0.1 login {} password {}\n", served.user(), served.password());
        let accounts = path(&served.sandbox.write("accounts", account)).into();
        let address = format!("ftp://127.0.0.1:{}", served.address().port());
        Self { address, certificate: served.certificate().into(), accounts }
    }

    fn list(&self, folder: &str) -> String {
        self.succeed(&format!("{folder}/"), &[])
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

    fn make_folder(&self, name: &str) {
        self.say(&[format!("MKD {name}")]);
    }

    fn rename(&self, from: &str, to: &str) {
        self.say(&[format!("RNFR {from}"), format!("RNTO {to}")]);
    }

    fn delete(&self, name: &str) {
        self.say(&[format!("DELE {name}")]);
    }
}

/// A path in an address (RFC 3986, section 2.1).
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
fn curl() {
    all_of_it::<Curl>();
}

#[test]
fn two_gigabytes_by_curl() {
    two_gigabytes::<Curl>();
}

#[test]
fn curl_by_every_way_to_a_data_connection_and_every_version_of_tls() {
    let served = TestServer::new(&[]);
    std::fs::write(served.at("file"), "content").unwrap();
    let client = Curl::of(&served);
    for options in [["--disable-epsv", "--silent"], ["--tls-max", "1.2"], ["--tlsv1.3", "--silent"]] {
        assert_eq!(client.succeed("file", &options), "content", "{options:?}");
    }
}

/// curl's exit codes: 60 for a certificate that it does not trust, 64 and 67 for a server that wants TLS.
#[test]
fn curl_is_refused_without_tls_and_refuses_another_certificate() {
    let (served, other) = (TestServer::new(&[]), TestServer::new(&[]));
    let client = Curl::of(&served);
    let mistaken = Curl { certificate: other.certificate().into(), ..Curl::of(&served) };
    run(&mut mistaken.command("")).expect_code(60);
    let mut plain = program("curl");
    plain.args(["--disable", "--silent", "--show-error", "--netrc-file", &client.accounts, &client.address]);
    run(&mut plain).expect_code(67);
    assert_eq!(served.fingerprint().len(), "SHA256:".len() + 32 * 3 - 1);
}
