//! SHA-256 (FIPS 180-4), and parsing of its digests.

use aws_lc_rs::digest::{SHA256, digest};

/// Returns SHA-256(`bytes`).
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    output.copy_from_slice(digest(&SHA256, bytes).as_ref());
    output
}

/// Parses a digest of 64 hexadecimal digits in either case, with an optional prefix "SHA256" and any of `separators`
/// between the digits.
pub(super) fn parse(text: &str, separators: &[char]) -> Option<[u8; 32]> {
    let lower_case = text.trim().to_ascii_lowercase();
    let unprefixed = lower_case.trim_start_matches("sha256").trim_start_matches([':', '=', ' ']);
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = unprefixed.chars().filter(|c| !separators.contains(c)).map(digit).collect::<Option<_>>()?;
    let pairs: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    (digits.len() == 64).then_some(pairs)?.try_into().ok()
}
