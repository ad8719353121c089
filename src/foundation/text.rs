//! Makes text from untrusted sources safe to display on a terminal.

use std::error::Error;

/// Formats an error and its causes as one line, separated by colons.
pub fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Replaces every character that [`is_hidden`] by U+FFFD, except line breaks.
pub fn sanitize(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Returns the first `limit` characters of `text` as one line, sanitized.
pub fn one_line(text: &str, limit: usize) -> String {
    let line = text.trim().replace("\r\n", " ").replace(['\r', '\n'], " ");
    sanitize(&line).chars().take(limit).collect()
}

/// Returns whether a character does not appear as itself when displayed: a control character (C0, C1, DEL), a
/// bidirectional formatting character, or a line or paragraph separator (U+2028, U+2029).
pub fn is_hidden(c: char) -> bool {
    c == '\n' || is_control_or_bidi(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns whether `text` can be written to a terminal as it is. Line breaks (CRLF too), tabs and implicit directional
/// marks, which have no more effect than letters, are allowed.
pub fn is_printable(text: &str) -> bool {
    text.replace("\r\n", "\n").chars().all(|c| c == '\t' || is_directional_mark(c) || !is_control_or_bidi(c))
}

/// Control characters except the line feed, and the bidirectional formatting characters of Unicode (UAX #9 §2).
fn is_control_or_bidi(c: char) -> bool {
    let is_bidi = is_directional_mark(c) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_bidi || c.is_control() && c != '\n'
}

/// The implicit directional marks (UAX #9 §2.6).
fn is_directional_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_control_characters_are_replaced() {
        assert!(is_printable("a\r\n\tש\u{200F}!\n") && !is_printable("a\rb") && !is_printable("a\u{202E}b"));
        assert_eq!(sanitize("a\u{1b}[2J\u{202E}b\r\nü→\u{2028}"), "a\u{FFFD}[2J\u{FFFD}b\u{FFFD}\nü→\u{FFFD}");
    }

    #[test]
    fn a_text_of_several_lines_becomes_a_short_one() {
        assert_eq!(one_line(" a\r\nb\rc\nd\u{1b}é \n", 100), "a b c d\u{FFFD}é");
        assert_eq!(one_line("é\nb", 2), "é ");
    }
}
