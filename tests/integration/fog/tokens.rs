//! Other JOSE libraries decrypt the tokens.

use std::fs;

use serde_json::json;

use super::parties::Parties;
use crate::jose::Jose;
use crate::sandbox::path;

/// Including a part with several chunks.
#[test]
fn jwcrypto_decrypts_the_tokens() {
    let parties = Parties::new();
    let clear: Vec<u8> = (0..5_000_000_u32).map(|number| ((number.wrapping_mul(number)) >> 7) as u8).collect();
    let file = parties.sandbox.write("binary", &clear);
    let client = parties.client(&["--file", path(&file), "--nodes", "1"]);
    let message = client.message.clone();
    let node = parties.node("node", &client, &[]);
    assert_eq!(client.expect_report()["text"], json!(null));
    node.end().expect_code(0);
    let tokens = parties.read("client", &message, "part-1-of-1.jwe");
    let lines: Vec<&[u8]> = tokens.trim_ascii_end().split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 2);
    let opened: Vec<_> = lines.iter().map(|line| Jose::open(&parties.sandbox.file("key.pem"), line)).collect();
    for (number, (header, _)) in (1..).zip(&opened) {
        let kid = header["kid"].as_str().unwrap();
        assert_eq!(
            header,
            &json!({
                "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid, "message": message, "part": 1, "parts": 1,
                "chunk": number, "final": number == 2
            })
        );
    }
    assert!(opened.into_iter().flat_map(|(_, plaintext)| plaintext).eq(clear));
}

/// Tokens of short parts, and of long parts with `--chunk`, are short enough for libraries with a length limit.
#[test]
fn libraries_with_a_length_limit_decrypt_short_tokens() {
    for (length, more, tokens) in [(100_000_u32, &[][..], 4), (1_200_000, &["--chunk", "32768"], 37)] {
        let parties = Parties::new();
        let clear: Vec<u8> = (0..length).map(|number| ((number.wrapping_mul(number)) >> 7) as u8).collect();
        let file = parties.sandbox.write("binary", &clear);
        let client = parties.client(&[&["--file", path(&file), "--nodes", "1"], more].concat());
        let made = parties.out("client").join(&client.message).join("part-1-of-1.jwe");
        let node = parties.node("node", &client, &[]);
        client.expect_report();
        node.end().expect_code(0);
        assert_eq!(fs::read_to_string(&made).unwrap().lines().count(), tokens);
        for library in ["joserfc", "python-jose"] {
            assert!(Jose::open_all(library, &parties.sandbox.file("key.pem"), &made) == clear, "{library}: {length}");
        }
    }
}
