//! Certificates as administrators make them: self-signed, by openssl.

use std::path::{Path, PathBuf};

use crate::programs::{output, program, run};

/// A certificate and its key, in PEM.
pub(super) struct Certificate {
    file: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// For loopback, in this folder; takes the place of an older one. RSA, for vsftpd's own choice of ciphers has no other.
    pub(super) fn make(folder: &Path) -> Self {
        let own = Self::at(folder);
        let mut command = program("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]).arg(&own.key);
        run(command.arg("-out").arg(&own.file)).expect_code(0);
        own
    }

    /// For this name or address, in this folder; signed by an authority of its own, which is in the file given as well.
    pub(super) fn vouched(folder: &Path, name: &str) -> (Self, PathBuf) {
        let authority = Self::make(folder).moved_to("authority");
        let (request, own) = (folder.join("request.pem"), Self::at(folder));
        let key = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a server", "-addext"];
        let mut command = program("openssl");
        command.args(key).arg(format!("subjectAltName={name}"));
        run(command.arg("-keyout").arg(&own.key).arg("-out").arg(&request)).expect_code(0);
        let mut command = program("openssl");
        command.args(["x509", "-req", "-days", "2", "-copy_extensions", "copy", "-in"]).arg(request);
        command.arg("-CA").arg(&authority.file).arg("-CAkey").arg(authority.key);
        run(command.arg("-out").arg(&own.file)).expect_code(0);
        (own, authority.file)
    }

    fn at(folder: &Path) -> Self {
        Self { file: folder.join("certificate.pem"), key: folder.join("key.pem") }
    }

    fn moved_to(self, name: &str) -> Self {
        let moved = |path: PathBuf| {
            let new = path.with_file_name(format!("{name}-{}", path.file_name().unwrap().display()));
            std::fs::rename(path, &new).unwrap();
            new
        };
        Self { file: moved(self.file), key: moved(self.key) }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn key(&self) -> &Path {
        &self.key
    }

    /// SHA-256 as openssl sees it: pairs of hexadecimal digits and colons.
    pub(super) fn fingerprint(&self) -> String {
        let arguments = ["x509", "-noout", "-fingerprint", "-sha256", "-in", self.file.to_str().unwrap()];
        let told = output("openssl", arguments);
        told.trim().split_once('=').unwrap().1.into()
    }
}
