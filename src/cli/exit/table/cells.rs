//! Remedies for cells that are not numbers.

use super::lines::remove_header_footer;
use crate::cli::column_list::list;
use crate::table::display::{MAX_LISTED, plural, quoted_list};
use crate::table::{MixedColumn, NonNumericCells};

/// What to do about text in columns of numbers.
pub(super) fn mixed_cells(mixed: &MixedColumn) -> String {
    let mut columns = vec![mixed.column.clone()];
    columns.extend(mixed.others.iter().cloned());
    let exclude = if columns.len() > MAX_LISTED {
        format!("leave these {} columns out with --exclude", columns.len())
    } else {
        format!("leave the {} out with --exclude {}", columns_of(&columns), list(&columns))
    };
    if mixed.has_other_format {
        return format!("Write all numbers of a column in one format, or {exclude}.");
    }
    let correct = if mixed.header_footer.is_some() { "correct" } else { "Correct" };
    let data = match &mixed.distinct {
        Some(cells) => {
            let codes: Vec<String> = mixed.codes.iter().chain(cells).cloned().collect();
            let codes = list(&codes);
            format!("{correct} the cells; if they mean that the value is missing, use --missing {codes}; or {exclude}.")
        }
        None => format!("{correct} the cells, or {exclude}."),
    };
    match mixed.header_footer {
        Some(lines) => {
            let they_are = if lines.is_one_line() { "it is" } else { "they are" };
            format!("{}\nIf {they_are} data, {data}", remove_header_footer(lines))
        }
        None => data,
    }
}

/// What else to do about cells that are not numbers in any format; empty if there are none, or too many.
pub(super) fn missing_codes(non_numeric: &NonNumericCells) -> String {
    match &non_numeric.cells {
        Some(cells) if !cells.is_empty() => {
            let codes: Vec<String> = non_numeric.codes.iter().chain(cells).cloned().collect();
            let mean = plural(cells.len(), "means", "mean");
            let (cells, codes) = (quoted_list(cells), list(&codes));
            format!(" If {cells} {mean} that the value is missing, also use --missing {codes}.")
        }
        _ => String::new(),
    }
}

pub(super) fn columns_of(columns: &[String]) -> &'static str {
    plural(columns.len(), "column", "columns")
}
