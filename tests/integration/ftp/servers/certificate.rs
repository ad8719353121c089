//! Certificates created with openssl, self-signed or signed by a CA, as administrators use them.

use std::path::{Path, PathBuf};

use crate::programs::{output, program, run};

/// A certificate and its private key, in PEM files.
pub(super) struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Creates a self-signed certificate for loopback in this directory, replacing any existing one. RSA, because
    /// vsftpd's default cipher list supports nothing else.
    pub(super) fn self_signed(directory: &Path) -> Self {
        let created = Self::at(directory);
        let mut command = program("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]).arg(&created.key);
        run(command.arg("-out").arg(&created.certificate)).expect_code(0);
        created
    }

    /// Creates a certificate for this subjectAltName, such as `DNS:localhost`, in this directory, signed by a new CA.
    /// Also returns the CA's certificate.
    pub(super) fn ca_signed(directory: &Path, subject_alt_name: &str) -> (Self, PathBuf) {
        let ca = Self::self_signed(directory).with_prefix("ca");
        let (request, created) = (directory.join("request.pem"), Self::at(directory));
        let mut command = program("openssl");
        command.args(["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a server", "-addext"]);
        command.arg(format!("subjectAltName={subject_alt_name}"));
        run(command.arg("-keyout").arg(&created.key).arg("-out").arg(&request)).expect_code(0);
        let mut command = program("openssl");
        command.args(["x509", "-req", "-days", "2", "-copy_extensions", "copy", "-in"]).arg(request);
        command.arg("-CA").arg(&ca.certificate).arg("-CAkey").arg(ca.key);
        run(command.arg("-out").arg(&created.certificate)).expect_code(0);
        (created, ca.certificate)
    }

    fn at(directory: &Path) -> Self {
        Self { certificate: directory.join("certificate.pem"), key: directory.join("key.pem") }
    }

    /// Renames both files: adds this prefix and a hyphen to their names.
    fn with_prefix(self, prefix: &str) -> Self {
        let renamed = |path: PathBuf| {
            let new = path.with_file_name(format!("{prefix}-{}", path.file_name().unwrap().display()));
            std::fs::rename(path, &new).unwrap();
            new
        };
        Self { certificate: renamed(self.certificate), key: renamed(self.key) }
    }

    /// Returns the path of the certificate.
    pub(super) fn path(&self) -> &Path {
        &self.certificate
    }

    /// Returns the path of the private key.
    pub(super) fn key(&self) -> &Path {
        &self.key
    }

    /// Returns the SHA-256 fingerprint in openssl's format: pairs of hexadecimal digits and colons.
    pub(super) fn fingerprint(&self) -> String {
        let arguments = ["x509", "-noout", "-fingerprint", "-sha256", "-in", self.certificate.to_str().unwrap()];
        let printed = output("openssl", arguments);
        printed.trim().split_once('=').unwrap().1.into()
    }
}
