//! Tokens by an independent JOSE library, jwcrypto, both ways; and by two more that take short ones only.

mod tokens;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::programs::{program, run_bytes};
use crate::python::python;

/// The other library, by a script of ours.
pub(crate) struct Jose;

impl Jose {
    /// The protected header and the plaintext of a token, by a private key in PEM.
    pub(crate) fn open(private_key: &Path, token: &[u8]) -> (Value, Vec<u8>) {
        let files = tempfile::tempdir().unwrap();
        let printed = script("one_token.py", &["open".into(), private_key.into(), file(files.path(), "token", token)]);
        let end = printed.iter().position(|byte| *byte == b'\n').unwrap();
        (serde_json::from_slice(&printed[..end]).unwrap(), printed[end + 1..].to_vec())
    }

    /// A token with this protected header, "alg" and "enc" among it, for a public key in PEM.
    pub(crate) fn seal(public_key: &Path, header: &Value, plaintext: &[u8]) -> Vec<u8> {
        let files = tempfile::tempdir().unwrap();
        let plaintext = file(files.path(), "plaintext", plaintext);
        script("one_token.py", &["seal".into(), public_key.into(), header.to_string().into(), plaintext])
    }

    /// All that is in a file of short tokens, by another library.
    pub(crate) fn open_all(library: &str, private_key: &Path, tokens: &Path) -> Vec<u8> {
        script("short_tokens.py", &[library.into(), private_key.into(), tokens.into()])
    }
}

fn script(name: &str, arguments: &[PathBuf]) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/jose").join(name);
    run_bytes(program(python().to_str().unwrap()).arg(script).args(arguments))
}

fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}
