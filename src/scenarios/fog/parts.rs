//! Cutting a message into parts.

use std::io;
use std::ops::Range;

use super::source::Source;

/// Bytes of the longest character in UTF-8.
const LONGEST_CHARACTER: u64 = 4;

/// The places of `count` contiguous parts, whose lengths differ by as little as a character allows. None ends inside a
/// character of text in UTF-8.
pub(super) fn cut(source: &Source, count: u32) -> io::Result<Vec<Range<u64>>> {
    let (length, count) = (source.length(), u64::from(count));
    // As u128, for length · number may not fit.
    let even = |number: u64| (u128::from(length) * u128::from(number) / u128::from(count)) as u64;
    let cuts: Vec<u64> = (0..=count).map(|number| before_character(source, even(number))).collect::<Result<_, _>>()?;
    Ok(cuts.windows(2).filter_map(|pair| Some(*pair.first()?..*pair.last()?)).collect())
}

/// `cut`, or the beginning of the character that it would split.
fn before_character(source: &Source, cut: u64) -> io::Result<u64> {
    let begin = cut.saturating_sub(LONGEST_CHARACTER - 1);
    let end = source.length().min(cut + LONGEST_CHARACTER - 1);
    let mut around = vec![0; (end - begin) as usize];
    source.read(begin, &mut around)?;
    Ok((begin..cut).find(|start| spans(&around[(start - begin) as usize..], cut - start)).unwrap_or(cut))
}

/// Whether `bytes` begin with a character of more than `length` bytes.
fn spans(bytes: &[u8], length: u64) -> bool {
    // RFC 3629 §3: the first byte tells how many there are.
    let whole = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return false,
    };
    whole as u64 > length && bytes.get(..whole).is_some_and(|character| std::str::from_utf8(character).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(message: &[u8], count: u32) -> Vec<Vec<u8>> {
        let spool = tempfile::tempdir().unwrap();
        let source = Source::spool(message, "message".into(), spool.path()).unwrap();
        let places = cut(&source, count).unwrap();
        places.into_iter().map(|place| message[place.start as usize..place.end as usize].to_vec()).collect()
    }

    #[test]
    fn characters_stay_whole() {
        assert_eq!(parts("aß".as_bytes(), 2), [b"a".to_vec(), "ß".as_bytes().to_vec()]);
        assert_eq!(parts("🦀".as_bytes(), 3), [vec![], vec![], "🦀".as_bytes().to_vec()]);
        assert_eq!(parts("日本語".as_bytes(), 2), ["日".as_bytes(), "本語".as_bytes()]);
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_evenly() {
        assert_eq!(parts(&[0x80; 9], 3), [[0x80; 3]; 3]);
        assert_eq!(parts(&[0xF0; 9], 3), [[0xF0; 3]; 3]);
        assert_eq!(parts(b"", 2), [b"", b""]);
        assert_eq!(parts(b"a", 3), [b"".as_slice(), b"", b"a"]);
    }

    proptest! {
        #[test]
        fn parts_of_text_are_text_of_near_equal_length(text in "\\PC{0,40}", count in 1..9_u32) {
            let parts = parts(text.as_bytes(), count);
            prop_assert_eq!(parts.len(), count as usize);
            prop_assert_eq!(parts.concat(), text.as_bytes());
            for part in &parts {
                prop_assert!(std::str::from_utf8(part).is_ok());
                prop_assert!((part.len() as f64 - text.len() as f64 / f64::from(count)).abs() <= 4.0);
            }
        }

        #[test]
        fn parts_of_bytes_are_the_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..60), count in 1..9_u32) {
            prop_assert_eq!(parts(&bytes, count).concat(), bytes);
        }
    }
}
