//! Tables for the terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::foundation::text::sanitize;
use crate::statistics::{Comparison, Summary};

/// A line below the header and no other borders.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Renders rows of text below a header. The first `left` columns are left-aligned, the others right-aligned.
pub fn plain(header: &[&str], rows: Vec<Vec<String>>, left: usize) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| sanitize(cell)));
    }
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// Renders a summary, with one row per column of the CSV file.
pub fn summary(summary: &Summary) -> String {
    let header: Vec<&str> = ["column"].into_iter().chain(summary.statistics.iter().copied()).collect();
    let rows = summary.columns.iter().map(|column| {
        let values = column.values.iter().map(ToString::to_string);
        [column.name.clone()].into_iter().chain(values).collect()
    });
    plain(&header, rows.collect(), 1)
}

/// Renders clear and decrypted values one above the other; values that differ are marked.
pub fn comparison(comparison: &Comparison) -> String {
    let statistics = comparison.clear.statistics.iter().copied();
    let header: Vec<&str> = ["column", "from"].into_iter().chain(statistics).collect();
    let pairs = comparison.clear.columns.iter().zip(&comparison.decrypted.columns);
    let rows = pairs.map(|(clear, decrypted)| {
        let both = clear.values.iter().zip(&decrypted.values).map(|(clear, decrypted)| {
            let mark = if clear == decrypted { "" } else { " ≠" };
            format!("{clear}\n{decrypted}{mark}")
        });
        [clear.name.clone(), "clear\ndecrypted".into()].into_iter().chain(both).collect()
    });
    plain(&header, rows.collect(), 2)
}

/// Summarizes the comparison in one sentence.
pub fn verdict(comparison: &Comparison) -> String {
    let (values, columns) = (comparison.value_count(), comparison.clear.columns.len());
    match comparison.differences().len() {
        0 => {
            let columns = if columns == 1 { "1 column".into() } else { format!("{columns} columns") };
            format!("All {values} statistics of {columns} equal those of the clear data, to the last digit.")
        }
        differing => format!("{differing} of {values} statistics DIFFER from those of the clear data (marked ≠)."),
    }
}
