//! What people do with FTP clients, whichever they use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{TestServer, wait_until};

/// A client of others.
pub(super) trait ForeignClient {
    /// For this server.
    fn of(served: &TestServer) -> Self;
    /// What it shows of a folder.
    fn list(&self, folder: &str) -> String;
    fn put(&self, local: &Path, name: &str);
    fn get(&self, name: &str, local: &Path);
    /// Writes a file to its standard output.
    fn show(&self, name: &str) -> Command;
    /// Uploads a megabyte a second.
    fn slow_put(&self, local: &Path, name: &str) -> Command;
    /// Goes on with an upload where it was broken off.
    fn resume_put(&self, local: &Path, name: &str);
    /// Goes on with a download where it was broken off.
    fn resume_get(&self, name: &str, local: &Path);
    fn make_folder(&self, name: &str);
    fn rename(&self, from: &str, to: &str);
    fn delete(&self, name: &str);
}

/// With spaces, umlauts, letters of more than two bytes, and marks that shells and addresses have a use for.
const NAME: &str = "Fähre nach Überlingen – 100% (Teil #2) 'süß' & 数据.txt";
const OTHER: &str = "Rückfahrt am 1. März.txt";

const SENT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz\r\n\0\xFF\n";

struct Scene<C> {
    served: TestServer,
    client: C,
}

impl<C: ForeignClient> Scene<C> {
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
        // Over what is there, and shorter.
        self.client.put(&self.served.sandbox.write("sent", "short"), "plain.bin");
        assert_eq!(fs::read(self.served.at("plain.bin")).unwrap(), b"short");
    }

    /// What the one side has already is not what the other has: so it shows that it was not sent again.
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

    /// A client that dies in an upload: what came until then stays, and the next one goes on with it.
    fn resumes_what_was_killed(&self) {
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
        self.client.make_folder("Änderungen 2025");
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

/// List, put, get, resume of both, rename and delete, with names in which much can go wrong.
pub(super) fn all_of_it<C: ForeignClient>() {
    let scene = Scene::<C>::new();
    scene.puts_and_gets();
    scene.resumes();
    scene.resumes_what_was_killed();
    scene.renames_and_deletes();
    stop(scene.served);
}

/// Stops it in good order; it must not have logged its password.
pub(super) fn stop(mut served: TestServer) {
    assert_eq!(served.stop(), Some(0));
    assert!(!served.log().contains(&served.password()), "{}", served.log());
}
