//! Options that a next step recommends, as words of a shell command.

use crate::cli::column_list::argument;
use crate::table::{FormatChange, Interpretation};

/// The option for each interpretation of a number.
pub(super) fn choose_interpretation(interpretations: &[Interpretation]) -> String {
    let options: Vec<String> = interpretations
        .iter()
        .map(|one| format!("if it is {}, use {}", one.value, number_format_options(one.change)))
        .collect();
    if options.is_empty() {
        "Write all numbers in one format.".into()
    } else {
        format!("Choose: {}.", options.join("; "))
    }
}

fn number_format_options(change: FormatChange) -> String {
    let decimal = change.decimal.map(|separator| match separator {
        ',' => "--decimal-comma".to_owned(),
        _ => "--decimal-point".to_owned(),
    });
    let thousands = change.thousands.map(|separator| match separator {
        '\'' => "--thousands apostrophe".to_owned(),
        ' ' => "--thousands space".to_owned(),
        other => format!("--thousands '{other}'"),
    });
    decimal.into_iter().chain(thousands).collect::<Vec<_>>().join(" ")
}

pub(super) fn delimiter_option(delimiter: char) -> String {
    match delimiter {
        '\t' => "--delimiter tab".into(),
        ' ' => "--delimiter space".into(),
        other => format!("--delimiter '{other}'"),
    }
}

pub(super) fn comment_option(character: char) -> String {
    format!("--comment {}", argument(&character.to_string()))
}
