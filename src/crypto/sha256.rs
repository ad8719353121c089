//! SHA-256 (FIPS 180-4), and how people write its digests.

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256(bytes).
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digits = [0; 32];
    digits.copy_from_slice(digest(&SHA256, bytes).as_ref());
    digits
}

/// The digest that `text` writes as hexadecimal digits of either case: behind "SHA256" or not, and with any of `between`
/// among them.
pub(super) fn parse(text: &str, between: &[char]) -> Option<[u8; 32]> {
    let named = text.trim().to_ascii_lowercase();
    let written = named.trim_start_matches("sha256").trim_start_matches([':', '=', ' ']);
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = written.chars().filter(|c| !between.contains(c)).map(digit).collect::<Option<_>>()?;
    let pairs: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    (digits.len() == 64).then_some(pairs)?.try_into().ok()
}
