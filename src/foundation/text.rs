//! Text from elsewhere, made fit for a terminal.

use std::error::Error;

/// An error and its causes, in a line.
pub fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// `text` with U+FFFD in place of every character that would command a terminal, turn the direction of writing or end a line
/// unseen; line breaks stay.
pub fn sanitize(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Whether a character is not seen as itself where text is shown: a control character (C0, C1, DEL), one that turns the
/// direction of writing, or a separator of lines or paragraphs (U+2028, U+2029).
pub fn is_hidden(c: char) -> bool {
    c == '\n' || commands(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether nothing in `text` would command a terminal: line breaks (CRLF, too), tabs, and marks of direction, which do no
/// more than letters, do not.
pub fn is_printable(text: &str) -> bool {
    text.replace("\r\n", "\n").chars().all(|c| c == '\t' || is_mark(c) || !commands(c))
}

/// Control characters, and the bidirectional formatting characters of Unicode (UAX #9 §2).
fn commands(c: char) -> bool {
    let turns = is_mark(c) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() && c != '\n'
}

/// The implicit directional marks (UAX #9 §2.6).
fn is_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_replaced() {
        assert!(is_printable("a\r\n\tש\u{200F}!\n") && !is_printable("a\rb") && !is_printable("a\u{202E}b"));
        assert_eq!(sanitize("a\u{1b}[2J\u{202E}b\r\nü→\u{2028}"), "a\u{FFFD}[2J\u{FFFD}b\u{FFFD}\nü→\u{FFFD}");
    }
}
