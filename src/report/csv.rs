//! Summaries as CSV: the file `decrypted_results.csv`.

use csv::QuoteStyle;

use crate::foundation::text::is_hidden;
use crate::statistics::Summary;

/// Characters that begin a formula in a spreadsheet, also in their full-width forms.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'];

/// Prefix that makes a spreadsheet read a cell as text.
const TEXT_PREFIX: char = '\'';

/// Renders a header and one line per column in the table's order. Doubles have the fewest digits that read back to the
/// same value, sums are exact decimals, and undefined values are empty. Names are escaped so that the file is safe to
/// open.
///
/// # Errors
/// Infallible in practice, because it writes to memory.
pub fn render(summary: &Summary) -> std::io::Result<Vec<u8>> {
    let header = ["column"].iter().chain(&summary.statistics).map(ToString::to_string).collect();
    let mut text = line(header)?;
    for column in &summary.columns {
        let values = column.values.iter().map(ToString::to_string);
        text.append(&mut line([escape_name(&column.name)].into_iter().chain(values).collect())?);
    }
    Ok(text)
}

/// Renders one record. If a cell contains a semicolon, all non-numeric cells are quoted: a spreadsheet that separates
/// cells by semicolons must not see the rest of a name as a cell of its own.
fn line(cells: Vec<String>) -> std::io::Result<Vec<u8>> {
    let has_semicolon = cells.iter().any(|cell| cell.contains(';'));
    let style = if has_semicolon { QuoteStyle::NonNumeric } else { QuoteStyle::Necessary };
    let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Escapes a column's name so that it is safe to open. Different names stay different.
///
/// - A name that begins with `=`, `+`, `-` or `@`, which a spreadsheet would read as a formula, or with an apostrophe
///   gets an apostrophe as a prefix.
/// - A character that [`is_hidden`] is written as `\u{…}` with its code point in hexadecimal. So is a backslash that
///   would otherwise begin such an escape (`\u{5c}`).
fn escape_name(name: &str) -> String {
    let needs_prefix = name.starts_with(FORMULA_STARTS) || name.starts_with(TEXT_PREFIX);
    let mut escaped = String::new();
    if needs_prefix {
        escaped.push(TEXT_PREFIX);
    }
    for (position, c) in name.char_indices() {
        let is_ambiguous = || name.get(position..).is_some_and(|rest| rest.starts_with("\\u{"));
        if is_hidden(c) || is_ambiguous() {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{ColumnSummary, Value};
    use proptest::prelude::*;

    const HEADER: &str = "column,count,mean\n";

    fn rendered(name: &str) -> String {
        let column = ColumnSummary { name: name.into(), values: vec![Value::Count(3), Value::Undefined] };
        let summary = Summary { statistics: vec!["count", "mean"], columns: vec![column] };
        String::from_utf8(render(&summary).unwrap()).unwrap().strip_prefix(HEADER).unwrap().into()
    }

    /// Reverses the escaping as docs/FORMAT.md describes it.
    fn original(written: &str) -> String {
        let mut rest = written.strip_prefix('\'').unwrap_or(written);
        let mut name = String::new();
        while let Some((before, escape)) = rest.split_once("\\u{") {
            let (number, after) = escape.split_once('}').unwrap();
            name.push_str(before);
            name.push(u32::from_str_radix(number, 16).ok().and_then(char::from_u32).unwrap());
            rest = after;
        }
        name + rest
    }

    #[test]
    fn names_are_quoted_where_csv_requires_it() {
        assert_eq!(rendered("a,\"b\""), "\"a,\"\"b\"\"\",3,\n");
        assert_eq!(rendered("a;=b"), "\"a;=b\",3,\"\"\n");
    }

    #[test]
    fn names_are_safe_to_open() {
        for (name, written) in [
            ("=1+1", "'=1+1"),
            ("+a", "'+a"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            ("'=1", "''=1"),
            ("'", "''"),
            ("a=b", "a=b"),
            ("\t=1", "\\u{9}=1"),
            ("a\u{202E}b\u{7f}\u{85}\r\n", "a\\u{202e}b\\u{7f}\\u{85}\\u{d}\\u{a}"),
            (
                "\u{61C}\u{200E}\u{200F}\u{2069}\u{2028}\u{2029}",
                "\\u{61c}\\u{200e}\\u{200f}\\u{2069}\\u{2028}\\u{2029}",
            ),
            ("C:\\users", "C:\\users"),
            ("\\u{202e}", "\\u{5c}u{202e}"),
            ("größe→", "größe→"),
        ] {
            assert_eq!(rendered(name), format!("{written},3,\n"), "{name:?}");
            assert_eq!(original(written), name);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_one_harmless_cell_and_can_be_recovered(
            name in "(?s)[=+@'\\-\t\r;,\"\\\\u{}\u{202E}\u{2028}0-9a-f]{0,12}|\\PC{0,5}|(?s).{0,5}"
        ) {
            let text = rendered(&name);
            let (shown, end) = text.split_at(text.len() - 1);
            prop_assert!(end == "\n" && !shown.chars().any(is_hidden));
            let file = format!("{HEADER}{text}");
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(record.len(), 3);
            prop_assert!(!record[0].starts_with(FORMULA_STARTS));
            prop_assert_eq!(original(&record[0]), name);
            prop_assert_eq!(&record[1], "3");
            // A reader that separates cells by semicolons finds no formula either.
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(file.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            prop_assert!(record.iter().all(|cell| !cell.starts_with(FORMULA_STARTS)));
        }
    }
}
