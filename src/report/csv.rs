//! `decrypted_results.csv`.

use csv::QuoteStyle;

use crate::foundation::text::is_hidden;
use crate::statistics::Summary;

/// What a spreadsheet takes for the beginning of a formula, in East Asian width too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'];

/// Keeps a spreadsheet from it.
const TEXT: char = '\'';

/// A header, then one line per column in the CSV's order; numbers with the fewest digits that read back to the same
/// double, sums as exact decimals, nothing where a figure is not defined. Names are written such that they are safe to open.
///
/// # Errors
/// None that memory does not give.
pub fn render(summary: &Summary) -> std::io::Result<Vec<u8>> {
    let header = ["column"].iter().chain(&summary.statistics).map(ToString::to_string).collect();
    let mut text = line(header)?;
    for column in &summary.columns {
        let values = column.values.iter().map(ToString::to_string);
        text.append(&mut line([name(&column.name)].into_iter().chain(values).collect())?);
    }
    Ok(text)
}

/// A record. Where semicolons separate cells, a spreadsheet must not find a cell of its own behind one in a name: names with one
/// are quoted.
fn line(cells: Vec<String>) -> std::io::Result<Vec<u8>> {
    let is_split = cells.iter().any(|cell| cell.contains(';'));
    let style = if is_split { QuoteStyle::NonNumeric } else { QuoteStyle::Necessary };
    let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A column's name such that it is safe to open and can be told from every other name.
///
/// - An apostrophe comes before a name that begins with `=`, `+`, `-` or `@`, which a spreadsheet would take for a formula, and
///   before one that begins with an apostrophe.
/// - A character that [`is_hidden`] is written as `\u{…}`, its number in hexadecimal digits. So is a backslash that such an
///   escape would begin with, as `\u{5c}`.
fn name(name: &str) -> String {
    let prefix = name.starts_with(FORMULA) || name.starts_with(TEXT);
    let mut written = String::from(if prefix { "'" } else { "" });
    for (position, c) in name.char_indices() {
        let is_ambiguous = || name.get(position..).is_some_and(|rest| rest.starts_with("\\u{"));
        if is_hidden(c) || is_ambiguous() {
            written.extend(c.escape_unicode());
        } else {
            written.push(c);
        }
    }
    written
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

    /// The name that was written so, by what docs/FORMAT.md says.
    fn original(written: &str) -> String {
        let mut rest = written.strip_prefix('\'').unwrap_or(written);
        let mut name = String::new();
        while let Some((before, behind)) = rest.split_once("\\u{") {
            let (number, after) = behind.split_once('}').unwrap();
            name.push_str(before);
            name.push(u32::from_str_radix(number, 16).ok().and_then(char::from_u32).unwrap());
            rest = after;
        }
        name + rest
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
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
        fn any_name_is_one_harmless_cell_and_can_be_told(
            name in "(?s)[=+@'\\-\t\r;,\"\\\\u{}\u{202E}\u{2028}0-9a-f]{0,12}|\\PC{0,5}|(?s).{0,5}"
        ) {
            let text = rendered(&name);
            let (shown, end) = text.split_at(text.len() - 1);
            prop_assert!(end == "\n" && !shown.chars().any(is_hidden));
            let file = format!("{HEADER}{text}");
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(record.len(), 3);
            prop_assert!(!record[0].starts_with(FORMULA));
            prop_assert_eq!(original(&record[0]), name);
            prop_assert_eq!(&record[1], "3");
            // A reader whose cells are separated by semicolons finds no formula either.
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(file.as_bytes());
            prop_assert!(reader.records().next().unwrap().unwrap().iter().all(|cell| !cell.starts_with(FORMULA)));
        }
    }
}
