//! Certificates as administrators create them: self-signed or CA-signed, by openssl.

use std::path::{Path, PathBuf};

use crate::programs::{output, program, run};

/// A certificate and its private key, in PEM files.
pub(super) struct Certificate {
    file: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Creates a self-signed certificate for loopback in this directory and replaces an older one. RSA, because
    /// vsftpd's default cipher list supports nothing else.
    pub(super) fn make(directory: &Path) -> Self {
        let own = Self::at(directory);
        let mut command = program("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]).arg(&own.key);
        run(command.arg("-out").arg(&own.file)).expect_code(0);
        own
    }

    /// Creates a certificate for this name or address in this directory, signed by a new CA. Also returns the CA's
    /// certificate.
    pub(super) fn ca_signed(directory: &Path, name: &str) -> (Self, PathBuf) {
        let ca = Self::make(directory).moved_to("ca");
        let (request, own) = (directory.join("request.pem"), Self::at(directory));
        let key = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a server", "-addext"];
        let mut command = program("openssl");
        command.args(key).arg(format!("subjectAltName={name}"));
        run(command.arg("-keyout").arg(&own.key).arg("-out").arg(&request)).expect_code(0);
        let mut command = program("openssl");
        command.args(["x509", "-req", "-days", "2", "-copy_extensions", "copy", "-in"]).arg(request);
        command.arg("-CA").arg(&ca.file).arg("-CAkey").arg(ca.key);
        run(command.arg("-out").arg(&own.file)).expect_code(0);
        (own, ca.file)
    }

    fn at(directory: &Path) -> Self {
        Self { file: directory.join("certificate.pem"), key: directory.join("key.pem") }
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

    /// Returns the SHA-256 fingerprint in openssl's format: pairs of hexadecimal digits and colons.
    pub(super) fn fingerprint(&self) -> String {
        let arguments = ["x509", "-noout", "-fingerprint", "-sha256", "-in", self.file.to_str().unwrap()];
        let printed = output("openssl", arguments);
        printed.trim().split_once('=').unwrap().1.into()
    }
}
