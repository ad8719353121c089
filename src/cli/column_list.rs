//! Comma-separated lists of names in one command line argument: parsing and, for commands that a user is to run,
//! writing.

use crate::foundation::shell;

/// Splits `list` like a CSV record: commas separate the names, and a name that contains a comma is a quoted field.
///
/// Spaces before an opening quotation mark are ignored.
pub(super) fn split(list: &str) -> Vec<String> {
    let list = &without_spaces_before_quotes(list);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        // A name may contain line breaks. NUL cannot occur in an argument.
        .terminator(csv::Terminator::Any(b'\0'))
        .from_reader(list.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        // The empty list is one empty name: that of a column without a name. Reading one record from a string does not
        // fail.
        _ => vec![list.clone()],
    }
}

fn without_spaces_before_quotes(list: &str) -> String {
    let (mut kept, mut quoted, mut at_start) = (String::new(), false, true);
    for (position, c) in list.char_indices() {
        let rest = list.get(position..).unwrap_or_default();
        if at_start && c.is_whitespace() && rest.trim_start().starts_with('"') {
            continue;
        }
        quoted ^= c == '"' && (quoted || at_start);
        at_start = !quoted && c == ',';
        kept.push(c);
    }
    kept
}

/// Returns `name` as a list of one name, quoted as one word of a shell command.
pub(super) fn argument(name: &str) -> String {
    list(&[name.to_owned()])
}

/// Returns `names` as a list, quoted as one word of a shell command.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_commas_outside_quoted_fields() {
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
    fn splitting_an_argument_gives_the_name_back() {
        for name in ["a", "a,b", " \"q\"", "\"q\"", "\"a\",b", "", "two words", "5\" pipe"] {
            assert_eq!(split(argument(name).trim_matches('\'')), [name], "{name:?}");
        }
        assert_eq!(argument("it's"), r"'it'\''s'");
        assert_eq!(argument("line\nbreak"), "\"$(printf 'line\\012break')\"");
    }
}
