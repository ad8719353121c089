//! base64url without padding (RFC 4648 §5), as in JOSE (RFC 7515 §2). Only the canonical encoding is accepted.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::NO_PAD;

/// Uses the widest SIMD instructions of the processor.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

/// Returns the length of the encoding of `bytes` bytes.
pub(super) fn encoded_length(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

/// Encodes `bytes`.
pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    ENGINE.encode(bytes).into_bytes()
}

/// Writes the encoding of `bytes` to the beginning of `text`; returns its length, or `None` if `text` is too short.
pub(super) fn encode_into(text: &mut [u8], bytes: &[u8]) -> Option<usize> {
    ENGINE.encode_slice(bytes, text).ok()
}

/// Decodes at most `max_bytes` bytes.
pub(super) fn decode(text: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decode_into(&mut bytes, text, max_bytes)?;
    Some(bytes)
}

/// Decodes at most `max_bytes` bytes and replaces the content of `bytes`. Its allocation is reused without clearing it.
pub(super) fn decode_into(bytes: &mut Vec<u8>, text: &[u8], max_bytes: usize) -> Option<()> {
    if text.len() > encoded_length(max_bytes) {
        return None;
    }
    bytes.resize(text.len().div_ceil(4) * 3, 0);
    let length = ENGINE.decode_slice(text, bytes).ok()?;
    bytes.truncate(length);
    Some(())
}

/// Decodes exactly `N` bytes.
pub(super) fn decode_exactly<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    decode(text, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_decodes_to_itself_and_has_one_encoding() {
        for count in (0..200_usize).chain([12_287, 12_288, 12_289, 24_578]) {
            let bytes: Vec<u8> = (0..count).map(|index| (index * 89) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), encoded_length(count));
            assert_eq!(decode(&text, count.saturating_sub(1)).is_none(), count > 0);
            let mut reused = vec![7; 100];
            assert_eq!(decode_into(&mut reused, &text, count), Some(()));
            assert_eq!((&reused, decode(&text, count).as_ref()), (&bytes, Some(&bytes)));
            let mut longer = vec![b'x'; text.len() + 1];
            assert_eq!(encode_into(&mut longer, &bytes), Some(text.len()));
            assert_eq!(longer.strip_suffix(b"x"), Some(text.as_slice()));
            assert_eq!(encode_into(&mut longer[..text.len().saturating_sub(1)], &bytes).is_none(), count > 0);
        }
        // RFC 4648 §10 and §3.2 to §3.5.
        assert_eq!(decode(b"Zm9vYg", 9).unwrap(), b"foob");
        for invalid in [&b"Zm9vYg=="[..], b"Zm9vYh", b"Zm9v Yg", b"Zm9vY", b"+/+/", b"Zm9v\n", b"Zm\xFFv"] {
            assert_eq!(decode(invalid, 9), None, "{invalid:?}");
        }
    }
}
