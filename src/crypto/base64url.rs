//! base64url without padding (RFC 4648 §5), as tokens have it (RFC 7515 §2). One text for the same bytes: what is not
//! canonical is refused.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::NO_PAD;

/// The widest instructions that this processor has.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

/// How many characters so many bytes take.
pub(super) fn length(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

/// The text of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    ENGINE.encode(bytes).into_bytes()
}

/// Writes the text of `bytes` to the beginning of `text`; how long it is, if there is room.
pub(super) fn encode_into(text: &mut [u8], bytes: &[u8]) -> Option<usize> {
    ENGINE.encode_slice(bytes, text).ok()
}

/// The bytes of a text, if they are at most so many.
pub(super) fn decode(text: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decode_into(&mut bytes, text, most)?;
    Some(bytes)
}

/// The same in place of what `bytes` held. Memory that it has is used, and not cleared first.
pub(super) fn decode_into(bytes: &mut Vec<u8>, text: &[u8], most: usize) -> Option<()> {
    if text.len() > length(most) {
        return None;
    }
    bytes.resize(text.len().div_ceil(4) * 3, 0);
    let length = ENGINE.decode_slice(text, bytes).ok()?;
    bytes.truncate(length);
    Some(())
}

/// The bytes of a text that has exactly so many.
pub(super) fn decode_exactly<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    decode(text, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_comes_back_and_has_one_text() {
        for count in (0..200_usize).chain([12_287, 12_288, 12_289, 24_578]) {
            let bytes: Vec<u8> = (0..count).map(|index| (index * 89) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), length(count));
            assert_eq!(decode(&text, count.saturating_sub(1)).is_none(), count > 0);
            let mut used = vec![7; 100];
            assert_eq!(decode_into(&mut used, &text, count), Some(()));
            assert_eq!((&used, decode(&text, count).as_ref()), (&bytes, Some(&bytes)));
            let mut room = vec![b'x'; text.len() + 1];
            assert_eq!(encode_into(&mut room, &bytes), Some(text.len()));
            assert_eq!(room.strip_suffix(b"x"), Some(text.as_slice()));
            assert_eq!(encode_into(&mut room[..text.len().saturating_sub(1)], &bytes).is_none(), count > 0);
        }
        // RFC 4648 §10, and its §3.2 to §3.5.
        assert_eq!(decode(b"Zm9vYg", 9).unwrap(), b"foob");
        for odd in [&b"Zm9vYg=="[..], b"Zm9vYh", b"Zm9v Yg", b"Zm9vY", b"+/+/", b"Zm9v\n", b"Zm\xFFv"] {
            assert_eq!(decode(odd, 9), None, "{odd:?}");
        }
    }
}
