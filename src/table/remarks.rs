//! What the user should know of how a file was read.

use super::names::{listed, numbers_among, some};
use super::reader::TableReader;
use super::schema::ColumnProfile;
use super::shape::Shape;

/// The most names that a remark shows.
const SHOWN: usize = 5;

/// Remarks on a file that was read to its end.
pub(super) fn remarks(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Vec<String> {
    let all = [
        row_names(reader),
        decimal_comma(reader),
        nameless(reader, columns),
        numeric_names(reader, columns),
        codes(reader),
    ];
    all.into_iter().flatten().collect()
}

fn row_names(reader: &TableReader<'_>) -> Option<String> {
    (reader.shape() == Shape::RowNames).then(|| {
        "the header is one name short: the first cell of each row is read as the row's name, as R and pandas do".into()
    })
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

/// A header of numbers may be the first row of a table without a header.
fn numeric_names(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Option<String> {
    use super::dialect::HeaderRow;
    if reader.dialect().header != HeaderRow::Expected {
        return None;
    }
    let names = numbers_among(columns.iter().map(|column| column.name.as_str()), reader.dialect().numbers());
    let (shown, count) = (names.get(..names.len().min(SHOWN)).unwrap_or_default(), names.len());
    (count > 0 && 2 * count >= columns.len()).then(|| {
        let more = if count > SHOWN { ", …" } else { "" };
        format!(
            "{count} of {} names in the header are numbers ({}{more}); if the first line is data, use --header absent",
            columns.len(),
            listed(shown)
        )
    })
}

fn codes(reader: &TableReader<'_>) -> Option<String> {
    let unused = reader.missing().unused();
    (!unused.is_empty()).then(|| {
        let codes = if unused.len() == 1 { "code" } else { "codes" };
        format!("no cell matches the missing-value {codes} {}", some(&unused))
    })
}
