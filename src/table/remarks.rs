//! What the user should know of how a file was read.

use super::column_names::{listed, some};
use super::dialect::HeaderRow;
use super::reader::TableReader;
use super::schema::ColumnProfile;
use super::shape::{Shape, is_year};

/// The most names that a remark shows.
const SHOWN: usize = 5;

/// Remarks on a file that was read to its end.
pub(super) fn remarks(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Vec<String> {
    // First, for looking whether a name is a code finds the code.
    let codes = codes(reader);
    let all = [
        shape(reader),
        swallowing(reader),
        comment(reader),
        decimal_comma(reader),
        nameless(reader, columns),
        numeric_names(reader, columns),
        codes,
    ];
    all.into_iter().flatten().collect()
}

fn shape(reader: &TableReader<'_>) -> Option<String> {
    let said = match reader.shape() {
        Shape::Regular => return None,
        Shape::RowNames => "the first cell of each row is read as the row's name, as R and pandas do",
        Shape::TrailingDelimiter => "the last field of each row is blank and left out",
    };
    Some(format!("the header is one name short: {said}"))
}

fn swallowing(reader: &TableReader<'_>) -> Option<String> {
    let line = reader.swallowing()?;
    Some(format!(
        "line {line}: a quoted cell holds line breaks and what may be whole rows; is a quotation mark stray there?"
    ))
}

fn comment(reader: &TableReader<'_>) -> Option<String> {
    let line = reader.comment_like_a_row()?;
    Some(format!(
        "line {line} is skipped as a comment, but has as many cells as a row; if it is one, use --skip-lines instead"
    ))
}

fn decimal_comma(reader: &TableReader<'_>) -> Option<String> {
    let example = reader.comma_example()?;
    Some(format!("numbers are read with a decimal comma, as in {example:?}; if that is wrong, use --decimal-point"))
}

fn nameless(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Option<String> {
    let nameless = &reader.header().nameless;
    let mut kept = columns.iter().filter(|column| nameless.contains(&column.position));
    if let [field] = nameless.as_slice() {
        return kept.next().map(|_| format!("the column in field {} has no name; its name is empty here", field + 1));
    }
    let names: Vec<String> = kept.map(|column| column.name.clone()).collect();
    (!names.is_empty()).then(|| format!("columns without a name are called by their place: {}", some(&names)))
}

/// A header of numbers, codes and blanks may be the first row of a table without a header.
fn numeric_names(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Option<String> {
    if reader.dialect().header != HeaderRow::Expected {
        return None;
    }
    let nameless = |column: &&ColumnProfile| reader.header().nameless.contains(&column.position);
    let (blank, others): (Vec<_>, Vec<_>) = columns.iter().partition(nameless);
    let format = reader.dialect().numbers();
    let is_number = |name: &str| format.parse(name.as_bytes()).is_ok();
    let is_code = |name: &str| reader.missing().has_text(name.as_bytes()) || !name.contains(char::is_alphanumeric);
    let others = others.into_iter().map(|column| column.name.clone());
    let names: Vec<String> = others.filter(|name| is_number(name) || is_code(name)).collect();
    let (shown, count) = (names.get(..names.len().min(SHOWN)).unwrap_or_default(), names.len() + blank.len());
    // Years beside a name are names.
    let years = names.len() < reader.names().len()
        && names.iter().all(|name| is_year(name.as_bytes()))
        && names.windows(2).all(|pair| pair[0] < pair[1]);
    (!names.is_empty() && !years && 2 * count >= columns.len()).then(|| {
        let more = if names.len() > SHOWN { ", …" } else { "" };
        let are =
            if blank.is_empty() && names.iter().all(|name| is_number(name)) { "are numbers" } else { "look like data" };
        format!(
            "{count} of {} names in the header {are} ({}{more}); if the first line is data, use --header absent",
            columns.len(),
            listed(shown)
        )
    })
}

fn codes(reader: &TableReader<'_>) -> Option<String> {
    let unused = reader.missing().unused();
    (!unused.is_empty()).then(|| {
        let codes = if unused.len() == 1 { "code" } else { "codes" };
        let comma = if reader.dialect().numbers().mark == b',' {
            "; a code with a comma in it stands in quotation marks, as in --missing 'NA,\"-9,9\"'"
        } else {
            ""
        };
        format!("no cell matches the missing-value {codes} {}{comma}", some(&unused))
    })
}
