//! Key files are compatible with openssl in both directions.

use std::path::Path;

use hestat::crypto::{Passphrase, RsaBits};
use hestat::foundation::random;
use hestat::foundation::secret::Secret;
use hestat::keystore::KeyFiles;

use super::{file, read_rsa};
use crate::programs::{output, program, run_bytes};
use crate::sandbox::{Sandbox, path};

/// Fingerprint of a private key as openssl and sha256sum compute it.
fn fingerprint(key: &Path, passphrase: Option<&str>) -> String {
    let mut pkey = program("openssl");
    pkey.args(["pkey", "-in", path(key), "-pubout", "-outform", "DER"]);
    pkey.args(passphrase.iter().flat_map(|text| ["-passin".to_owned(), format!("pass:{text}")]));
    let directory = tempfile::tempdir().unwrap();
    let spki = directory.path().join("spki");
    std::fs::write(&spki, run_bytes(&mut pkey)).unwrap();
    let digest = output("sha256sum", [path(&spki)]);
    digest.as_bytes()[..64].chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// The public key as PEM, as openssl writes it.
fn public_pem(key: &Path) -> String {
    output("openssl", ["pkey", "-in", path(key), "-pubout"])
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text.into()))
}

#[test]
fn openssl_reads_identities() {
    let sandbox = Sandbox::new();
    sandbox.write("right", "correct horse\n");
    let clear = sandbox.succeed(["identity", "new", "clear", "--json"]).json();
    let safe = sandbox.succeed(["identity", "new", "safe", "--json", "--passphrase-file", "right"]).json();
    assert_eq!(clear["fingerprint"], fingerprint(&file(&sandbox, "clear"), None));
    assert_eq!(safe["fingerprint"], fingerprint(&file(&sandbox, "safe"), Some("correct horse")));
    let public = file(&sandbox, "clear").with_extension("pub");
    assert_eq!(std::fs::read_to_string(public).unwrap(), public_pem(&file(&sandbox, "clear")));
    let text = output("openssl", ["pkey", "-in", path(&file(&sandbox, "clear")), "-noout", "-text"]);
    assert!(text.starts_with("ED25519 Private-Key:"), "{text}");
}

#[test]
fn openssl_reads_rsa_keys_of_all_sizes() {
    let state = tempfile::tempdir().unwrap();
    let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
    for size in [RsaBits::Rsa2048, RsaBits::Rsa3072, RsaBits::Rsa4096] {
        for (name, passphrase) in [("clear", None), ("safe", Some("correct horse"))] {
            let name = format!("{name}{size}");
            let created = keys.rsa_or_new(&name, size, passphrase.map(self::passphrase).as_ref(), &mut random);
            let (key, file, _) = created.unwrap();
            assert_eq!(key.bits(), size.bits());
            assert_eq!(key.public_key().fingerprint().to_string(), fingerprint(&file, passphrase));
        }
    }
    let file = keys.rsa_file("clear2048").unwrap();
    output("openssl", ["pkey", "-in", path(&file), "-check", "-noout"]);
    assert_eq!(std::fs::read_to_string(file.with_extension("pub")).unwrap(), public_pem(&file));
}

#[test]
fn hestat_reads_rsa_keys_of_openssl() {
    let sandbox = Sandbox::new();
    let key = |name: &str| sandbox.file(name);
    let rsa = |bits: &str, name: &str, more: &[&str]| {
        let arguments =
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", bits, "-quiet", "-out", path(&key(name))].map(str::to_owned);
        output("openssl", arguments.into_iter().chain(more.iter().map(|option| (*option).to_owned())));
    };
    rsa("rsa_keygen_bits:2048", "clear", &[]);
    rsa("rsa_keygen_bits:2048", "aes", &["-aes256", "-pass", "pass:right"]);
    let convert = |name: &str, more: &[&str]| {
        let clear = key("clear");
        let arguments = ["pkcs8", "-topk8", "-in", path(&clear), "-passout", "pass:right", "-out"];
        output("openssl", arguments.into_iter().chain([path(&key(name))]).chain(more.iter().copied()));
    };
    convert("topk8", &[]);
    convert("scrypt", &["-scrypt"]);
    convert("aes128", &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"]);
    convert("many", &["-iter", "600000"]);
    for name in ["aes", "topk8", "scrypt", "aes128", "many"] {
        let opened =
            read_rsa(&key(name), Some(&passphrase("right"))).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(opened.public_key().fingerprint().to_string(), fingerprint(&key(name), Some("right")), "{name}");
        assert!(
            read_rsa(&key(name), Some(&passphrase("wrong"))).is_err() && read_rsa(&key(name), None).is_err(),
            "{name}"
        );
    }
    assert_eq!(read_rsa(&key("clear"), None).unwrap().public_key().pem(), public_pem(&key("clear")));
    for (bits, error) in [("1024", "TooSmall"), ("1536", "TooSmall")] {
        rsa(&format!("rsa_keygen_bits:{bits}"), "weak", &[]);
        let refused = format!("{:?}", read_rsa(&key("weak"), None).unwrap_err());
        assert!(refused.contains(error) && refused.contains(bits), "{refused}");
    }
    output("openssl", ["rsa", "-in", path(&key("clear")), "-traditional", "-out", path(&key("old"))]);
    assert!(format!("{:?}", read_rsa(&key("old"), None).unwrap_err()).contains("Pkcs1"));
    output("openssl", ["genpkey", "-algorithm", "ED25519", "-out", path(&key("ed25519"))]);
    assert!(format!("{:?}", read_rsa(&key("ed25519"), None).unwrap_err()).contains("WrongType"));
}
