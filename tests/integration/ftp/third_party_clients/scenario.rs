//! The usual operations of an FTP client, tested the same way with each third-party client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{TestServer, wait_until};

/// A third-party FTP client.
pub(super) trait ThirdPartyClient {
    /// Returns a client of this server.
    fn of(served: &TestServer) -> Self;
    /// Returns the client's listing of a directory.
    fn list(&self, directory: &str) -> String;
    fn put(&self, local: &Path, name: &str);
    fn get(&self, name: &str, local: &Path);
    /// Returns a command that writes a file to standard output.
    fn show(&self, name: &str) -> Command;
    /// Returns a command that uploads at one megabyte per second.
    fn slow_put(&self, local: &Path, name: &str) -> Command;
    /// Resumes an interrupted upload.
    fn resume_put(&self, local: &Path, name: &str);
    /// Resumes an interrupted download.
    fn resume_get(&self, name: &str, local: &Path);
    fn make_directory(&self, name: &str);
    fn rename(&self, from: &str, to: &str);
    fn delete(&self, name: &str);
}

/// A name with spaces, umlauts, letters of more than two bytes, and characters special to shells and URLs.
const NAME: &str = "Fähre nach Überlingen – 100% (Teil #2) 'süß' & 数据.txt";
const OTHER: &str = "Rückfahrt am 1. März.txt";

/// Content of the uploaded files: text with line endings that an ASCII transfer would change, and bytes that are not
/// text.
const SENT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz\r\n\0\xFF\n";

struct Scenario<C> {
    served: TestServer,
    client: C,
}

impl<C: ThirdPartyClient> Scenario<C> {
    fn new() -> Self {
        let served = TestServer::new(&[]);
        let client = C::of(&served);
        Self { served, client }
    }

    fn local(&self, name: &str) -> PathBuf {
        self.served.sandbox.file(name)
    }

    fn puts_and_gets(&self) {
        let (sent, got) = (self.served.sandbox.write("sent", SENT), self.local("got"));
        for name in ["plain.bin", NAME] {
            self.client.put(&sent, name);
            assert_eq!(fs::read(self.served.at(name)).unwrap(), SENT);
            self.client.get(name, &got);
            assert_eq!(fs::read(&got).unwrap(), SENT);
            fs::remove_file(&got).unwrap();
            assert!(self.client.list("").contains(name), "{}", self.client.list(""));
        }
        // Overwrites a longer file.
        self.client.put(&self.served.sandbox.write("sent", "short"), "plain.bin");
        assert_eq!(fs::read(self.served.at("plain.bin")).unwrap(), b"short");
    }

    /// The bytes already transferred differ from the original, which shows that they are not sent again.
    fn resumes(&self) {
        let (sent, got) = (self.served.sandbox.write("sent", SENT), self.local("got"));
        let (half, resumed) = (b"#########", [b"#########", &SENT[9..]].concat());
        fs::write(self.served.at(NAME), half).unwrap();
        self.client.resume_put(&sent, NAME);
        assert_eq!(fs::read(self.served.at(NAME)).unwrap(), resumed);
        fs::write(self.served.at(NAME), SENT).unwrap();
        fs::write(&got, half).unwrap();
        self.client.resume_get(NAME, &got);
        assert_eq!(fs::read(&got).unwrap(), resumed);
    }

    /// A client is killed during an upload: the bytes sent so far stay, and the next client resumes after them.
    fn resumes_after_a_kill(&self) {
        let content: Vec<u8> = (0..1_000_000_u64).flat_map(u64::to_le_bytes).collect();
        let (sent, there) = (self.served.sandbox.write("sent", &content), self.served.at("killed"));
        let mut dying = self.client.slow_put(&sent, "killed").spawn().unwrap();
        wait_until("some of an upload", || there.metadata().is_ok_and(|file| file.len() > 100_000));
        dying.kill().unwrap();
        dying.wait().unwrap();
        assert!(there.metadata().unwrap().len() < content.len() as u64);
        self.client.resume_put(&sent, "killed");
        assert!(fs::read(there).unwrap() == content);
    }

    fn renames_and_deletes(&self) {
        self.client.make_directory("Änderungen 2025");
        let moved = format!("Änderungen 2025/{OTHER}");
        for (from, to) in [(NAME, OTHER), (OTHER, &moved)] {
            self.client.rename(from, to);
            assert!(!self.served.at(from).exists());
            assert_eq!(fs::read(self.served.at(to)).unwrap(), SENT);
        }
        assert!(self.client.list("Änderungen 2025").contains(OTHER));
        self.client.delete(&moved);
        assert!(!self.served.at(&moved).exists());
    }
}

/// Lists, uploads, downloads, resumes, renames and deletes, with difficult names.
pub(super) fn common_operations<C: ThirdPartyClient>() {
    let scenario = Scenario::<C>::new();
    scenario.puts_and_gets();
    scenario.resumes();
    scenario.resumes_after_a_kill();
    scenario.renames_and_deletes();
    stop(scenario.served);
}

/// Stops the server cleanly. Its log must not contain the password.
pub(super) fn stop(mut served: TestServer) {
    assert_eq!(served.stop(), Some(0));
    assert!(!served.log().contains(&served.password()), "{}", served.log());
}
