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

/// Bytes that are encoded at once: whole groups of three, and their text stays in the processor's nearest cache. So the
/// output is written once, and not filled with zeros before.
const AT_ONCE: usize = 3 << 12;

/// Appends the text of `bytes`.
pub(super) fn append(text: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let mut piece = [0; AT_ONCE / 3 * 4];
    for bytes in bytes.chunks(AT_ONCE) {
        let written = ENGINE.encode_slice(bytes, &mut piece).ok()?;
        text.extend_from_slice(piece.get(..written)?);
    }
    Some(())
}

/// The bytes of a text, if they are at most so many.
pub(super) fn decode(text: &[u8], most: usize) -> Option<Vec<u8>> {
    if text.len() > length(most) {
        return None;
    }
    ENGINE.decode(text).ok()
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
        for count in (0..200_usize).chain([AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 2]) {
            let bytes: Vec<u8> = (0..count).map(|index| (index * 89) as u8).collect();
            let mut text = b"x".to_vec();
            append(&mut text, &bytes).unwrap();
            assert_eq!(text.len(), 1 + length(count));
            assert_eq!(decode(&text[1..], count), Some(bytes));
            assert_eq!(decode(&text[1..], count.saturating_sub(1)).is_none(), count > 0);
        }
        // RFC 4648 §10, and its §3.2 to §3.5.
        assert_eq!(decode(b"Zm9vYg", 9).unwrap(), b"foob");
        for odd in [&b"Zm9vYg=="[..], b"Zm9vYh", b"Zm9v Yg", b"Zm9vY", b"+/+/", b"Zm9v\n", b"Zm\xFFv"] {
            assert_eq!(decode(odd, 9), None, "{odd:?}");
        }
    }
}
