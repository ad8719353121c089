//! Token exchange with independent JOSE libraries: jwcrypto in both directions, and two that read short tokens only.

mod tokens;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::programs::{program, run_bytes};
use crate::python::python;

/// Runs the other libraries through Python scripts.
pub(crate) struct Jose;

impl Jose {
    /// Decrypts a token with a private key in PEM. Returns its protected header and plaintext.
    pub(crate) fn open(private_key: &Path, token: &[u8]) -> (Value, Vec<u8>) {
        let files = tempfile::tempdir().unwrap();
        let output = script("one_token.py", &["open".into(), private_key.into(), file(files.path(), "token", token)]);
        let end = output.iter().position(|byte| *byte == b'\n').unwrap();
        (serde_json::from_slice(&output[..end]).unwrap(), output[end + 1..].to_vec())
    }

    /// Encrypts a token for a public key in PEM. The protected header includes "alg" and "enc".
    pub(crate) fn seal(public_key: &Path, header: &Value, plaintext: &[u8]) -> Vec<u8> {
        let files = tempfile::tempdir().unwrap();
        let plaintext = file(files.path(), "plaintext", plaintext);
        script("one_token.py", &["seal".into(), public_key.into(), header.to_string().into(), plaintext])
    }

    /// Decrypts a file of short tokens with another library. Returns the concatenated plaintexts.
    pub(crate) fn open_all(library: &str, private_key: &Path, tokens: &Path) -> Vec<u8> {
        script("short_tokens.py", &[library.into(), private_key.into(), tokens.into()])
    }
}

fn script(name: &str, arguments: &[PathBuf]) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/jose").join(name);
    run_bytes(program(python().to_str().unwrap()).arg(script).args(arguments))
}

fn file(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    path
}
