//! Quotes arguments for POSIX shell commands that are shown to the user.

use super::text::is_hidden;

/// Quotes `bytes` as one shell word.
///
/// Bytes that cannot be displayed are produced by `printf` (POSIX.1-2024, XCU 3). The command substitution around it
/// drops trailing line breaks.
pub fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_hidden) => single_quoted(text),
        _ => {
            let escaped: String = bytes.iter().copied().map(printf_escape).collect();
            format!("\"$(printf {})\"", single_quoted(&escaped))
        }
    }
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn printf_escape(byte: u8) -> String {
    match byte {
        b'%' => "%%".into(),
        b'\\' => r"\\".into(),
        // `printf` would read a format that begins with a hyphen as an option.
        b'-' => r"\055".into(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_hidden_characters_are_escaped() {
        assert_eq!(quoted("it's $HOME/é".as_bytes()), r"'it'\''s $HOME/é'");
        assert_eq!(quoted(b"a\tb"), r#""$(printf 'a\011b')""#);
        assert_eq!(quoted("\u{202E}".as_bytes()), r#""$(printf '\342\200\256')""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]
        #[test]
        fn a_shell_expands_the_word_to_the_same_bytes(bytes in prop::collection::vec(b'\n' + 1..=255, 0..20)) {
            let word = quoted(&bytes);
            let output = Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap();
            prop_assert_eq!(output.stdout, bytes);
        }
    }
}
