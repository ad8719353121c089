//! Lists of names as people give them on a command line, and the other way round.

use super::number::NumberFormat;

/// The names in `list`: commas separate them, and one that holds a comma stands in quotation marks, as in a CSV line.
pub fn split(list: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        // A name may hold line breaks; what no argument can hold ends the list.
        .terminator(csv::Terminator::Any(b'\0'))
        .from_reader(list.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(str::to_owned).collect(),
        // Nothing at all is the name that an unnamed column has.
        _ => vec![list.to_owned()],
    }
}

/// `name` as a list of one, and as one word of a shell command.
pub(super) fn argument(name: &str) -> String {
    list(&[name.to_owned()])
}

/// `names` as a list, and as one word of a shell command.
pub(super) fn list(names: &[String]) -> String {
    let item = |name: &String| {
        if name.contains(',') || name.starts_with('"') {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.clone()
        }
    };
    let listed = names.iter().map(item).collect::<Vec<_>>().join(",");
    let plain = |c: char| c.is_alphanumeric() || "._-/,".contains(c);
    if !listed.is_empty() && listed.chars().all(plain) {
        listed
    } else {
        format!("'{}'", listed.replace('\'', r"'\''"))
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

/// Those of `names` that are numbers, years included.
pub(super) fn numbers_among<'n>(names: impl Iterator<Item = &'n str>, format: NumberFormat) -> Vec<String> {
    names.filter(|name| format.parse(name.as_bytes()).is_ok()).map(str::to_owned).collect()
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
        ] {
            assert_eq!(split(list), names, "{list:?}");
        }
    }

    #[test]
    fn an_argument_is_split_into_the_name_again() {
        for name in ["a", "a,b", "\"q\"", "\"a\",b", "", "two words", "line\nbreak", "5\" pipe"] {
            assert_eq!(split(argument(name).trim_matches('\'')), [name], "{name:?}");
        }
        assert_eq!(argument("it's"), r"'it'\''s'");
    }
}
