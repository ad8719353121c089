//! Words of a POSIX shell, for commands that a user is to run.

use super::text::is_hidden;

/// `bytes` as one word. Those that cannot be shown are made by `printf` (POSIX.1-2024, XCU 3); line breaks at the end are lost
/// then.
pub fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_hidden) => in_quotes(text),
        _ => {
            let shown = |byte: &u8| match byte {
                b'%' => "%%".into(),
                b'\\' => r"\\".into(),
                // At the beginning, it would make an option.
                b'-' => r"\055".into(),
                b' '..=b'~' => char::from(*byte).to_string(),
                _ => format!("\\{byte:03o}"),
            };
            format!("\"$(printf {})\"", in_quotes(&bytes.iter().map(shown).collect::<String>()))
        }
    }
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_shown_is_shown() {
        assert_eq!(quoted("it's $HOME/é".as_bytes()), r"'it'\''s $HOME/é'");
        assert_eq!(quoted(b"a\tb"), r#""$(printf 'a\011b')""#);
        assert_eq!(quoted("\u{202E}".as_bytes()), r#""$(printf '\342\200\256')""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]
        #[test]
        fn a_shell_gives_back_the_same_word(bytes in prop::collection::vec(b'\n' + 1..=255, 0..20)) {
            let word = quoted(&bytes);
            let said = Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap().stdout;
            prop_assert_eq!(said, bytes);
        }
    }
}
