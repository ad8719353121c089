//! Next steps for cells that are not numbers.

use super::lines::remove_header_footer;
use crate::cli::column_list::list;
use crate::table::display::{MAX_LISTED, plural, quoted_list};
use crate::table::{MixedColumn, NonNumericCells};

/// What to do about cells that are not numbers in columns of numbers.
pub(super) fn mixed_columns(mixed: &MixedColumn) -> String {
    let leave_out = leave_out(&mixed.column, &mixed.others);
    if mixed.has_other_format {
        return format!("Write all numbers of a column in one format, or {leave_out}.");
    }
    let correct = match mixed.header_footer {
        Some(lines) => {
            let they_are = if lines.is_one_line() { "it is" } else { "they are" };
            format!("{}\nIf {they_are} data, correct", remove_header_footer(lines))
        }
        None => "Correct".into(),
    };
    match &mixed.distinct {
        Some(cells) => {
            let missing = missing_option(&mixed.codes, cells);
            format!("{correct} the cells. If they stand for missing values, use {missing}; or {leave_out}.")
        }
        None => format!("{correct} the cells, or {leave_out}."),
    }
}

/// What to do about cells that are not numbers in any format, beside those in a different one. `None` if there are no
/// such cells, or too many to list.
pub(super) fn non_numeric_cells(non_numeric: &NonNumericCells) -> Option<String> {
    let cells = non_numeric.cells.as_ref().filter(|cells| !cells.is_empty())?;
    let stand = plural(cells.len(), "stands for a missing value", "stand for missing values");
    let (quoted, missing) = (quoted_list(cells), missing_option(&non_numeric.codes, cells));
    Some(format!("If {quoted} {stand}, also use {missing}."))
}

/// The option for leaving out a column and others with the same problem, as the end of a sentence.
pub(super) fn leave_out(column: &str, others: &[String]) -> String {
    let columns: Vec<String> = [column].into_iter().map(str::to_owned).chain(others.iter().cloned()).collect();
    match columns.len() {
        1 => format!("leave the column out with --exclude {}", list(&columns)),
        count if count > MAX_LISTED => format!("leave these {count} columns out with --exclude"),
        _ => format!("leave the columns out with --exclude {}", list(&columns)),
    }
}

/// The option that adds `cells` to the missing-value codes in effect.
fn missing_option(codes: &[String], cells: &[String]) -> String {
    format!("--missing {}", list(&[codes, cells].concat()))
}
