//! Text from elsewhere, made fit for a terminal.

/// `text` with U+FFFD in place of every character that would command a terminal or turn the direction of writing; line
/// breaks stay.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if commands(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Whether nothing in `text` would command a terminal: line breaks and tabs do not.
pub fn is_printable(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || !commands(c))
}

/// Control characters, and the bidirectional formatting characters of Unicode (UAX #9 §2).
fn commands(c: char) -> bool {
    let turns = matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() && c != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_replaced() {
        assert_eq!(printable("a\u{1b}[2J\u{202E}b\r\nü→"), "a\u{FFFD}[2J\u{FFFD}b\u{FFFD}\nü→");
    }
}
