//! How messages show cells and names: shortened, quoted, listed.

/// The most characters of a cell that a message shows. A longer cell is never part of a command line.
pub const MAX_SHOWN: usize = 60;

/// The most names that a message lists.
pub const MAX_LISTED: usize = 10;

/// `cell` as a message shows it: at most [`MAX_SHOWN`] characters.
pub fn excerpt(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let mut short: String = text.chars().take(MAX_SHOWN).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        short.push('…');
    }
    short
}

/// All of `names`, quoted and separated by commas.
pub fn quoted_list(names: &[String]) -> String {
    quoted(names).join(", ")
}

/// The first [`MAX_LISTED`] of `names`, quoted, and how many more there are.
pub fn short_quoted_list(names: &[String]) -> String {
    short_list(&quoted(names))
}

/// The first [`MAX_LISTED`] of `items`, and how many more there are.
pub fn short_list(items: &[String]) -> String {
    match items.get(..MAX_LISTED) {
        Some(first) if items.len() > MAX_LISTED => {
            format!("{} and {} more", first.join(", "), items.len() - MAX_LISTED)
        }
        _ => items.join(", "),
    }
}

/// `singular` for a count of one, else `plural`.
pub fn plural(count: usize, singular: &'static str, plural: &'static str) -> &'static str {
    if count == 1 { singular } else { plural }
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("{name:?}")).collect()
}
