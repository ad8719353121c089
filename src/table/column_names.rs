//! Lists of names as people give them on a command line, and the other way round.

use crate::foundation::shell;

/// The names in `list`: commas separate them, and one that holds a comma stands in quotation marks, as in a CSV line.
///
/// Blanks may stand before the quotation marks.
pub fn split(list: &str) -> Vec<String> {
    let list = &without_blanks_before_quotes(list);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        // A name may hold line breaks; what no argument can hold ends the list.
        .terminator(csv::Terminator::Any(b'\0'))
        .from_reader(list.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        // Nothing at all is the name that an unnamed column has.
        _ => vec![list.clone()],
    }
}

fn without_blanks_before_quotes(list: &str) -> String {
    let (mut kept, mut quoted, mut begin) = (String::new(), false, true);
    for (position, c) in list.char_indices() {
        let rest = list.get(position..).unwrap_or_default();
        if begin && c.is_whitespace() && rest.trim_start().starts_with('"') {
            continue;
        }
        quoted ^= c == '"' && (quoted || begin);
        begin = !quoted && c == ',';
        kept.push(c);
    }
    kept
}

/// `name` as a list of one, and as one word of a shell command.
pub(super) fn argument(name: &str) -> String {
    list(&[name.to_owned()])
}

/// `names` as a list, and as one word of a shell command.
pub(super) fn list(names: &[String]) -> String {
    let item = |name: &String| {
        if name.contains(',') || name.trim_start().starts_with('"') {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.clone()
        }
    };
    let listed = names.iter().map(item).collect::<Vec<_>>().join(",");
    let plain = |c: char| c.is_alphanumeric() || "._-/,".contains(c);
    if !listed.is_empty() && listed.chars().all(plain) { listed } else { shell::quoted(listed.as_bytes()) }
}

/// The most names that a message lists.
pub(super) const MOST_LISTED: usize = 10;

/// The first of `names` for a message, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    shortlist(&names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>())
}

/// The first of `items`, and how many more there are.
pub(super) fn shortlist(items: &[String]) -> String {
    match items.get(..MOST_LISTED) {
        Some(first) if items.len() > MOST_LISTED => {
            format!("{} and {} more", first.join(", "), items.len() - MOST_LISTED)
        }
        _ => items.join(", "),
    }
}

/// `names` for a message.
pub(super) fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// `name` as a message shows it.
pub(super) fn shortened(name: &str) -> String {
    super::error::shown(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_commas_outside_quotation_marks() {
        for (list, names) in [
            ("a,b", &["a", "b"][..]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("a\nb, c", &["a\nb", " c"]),
            ("5\" pipe", &["5\" pipe"]),
            ("", &[""]),
            ("a,", &["a", ""]),
            ("NA, \"a,b\"", &["NA", "a,b"]),
            (" \"a, \"\"b\",c \"d, \"e\"", &["a, \"b", "c \"d", "e"]),
        ] {
            assert_eq!(split(list), names, "{list:?}");
        }
    }

    #[test]
    fn an_argument_is_split_into_the_name_again() {
        for name in ["a", "a,b", " \"q\"", "\"q\"", "\"a\",b", "", "two words", "5\" pipe"] {
            assert_eq!(split(argument(name).trim_matches('\'')), [name], "{name:?}");
        }
        assert_eq!(argument("it's"), r"'it'\''s'");
        assert_eq!(argument("line\nbreak"), "\"$(printf 'line\\012break')\"");
    }
}
