//! Adds to each notice about a table the option that changes how the table is read.

use super::cells::non_numeric_cells;
use super::options::choose_interpretation;
use crate::table::Notice;

/// Returns the notice as shown to the user: the fact and, if there is one, the option that changes it.
pub(in crate::cli) fn describe_notice(notice: &Notice) -> String {
    match notice {
        Notice::CommentLikeRow { .. } => format!("{notice}; if it is a row, use --skip-lines instead of --comment"),
        Notice::DecimalComma { .. } => format!("{notice}; if that is wrong, use --decimal-point"),
        Notice::NumericNames { .. } => format!("{notice}; if the first line is data, use --header absent"),
        Notice::UnusedCodes { decimal_comma: true, .. } => {
            format!("{notice}; put a code that contains a comma in quotation marks, as in --missing 'NA,\"-9,9\"'")
        }
        Notice::OtherFormat { interpretations, non_numeric, .. } => {
            let missing = non_numeric.as_ref().and_then(non_numeric_cells);
            let missing = missing.map(|step| format!(" {step}")).unwrap_or_default();
            format!("{notice}. {}{missing}", choose_interpretation(interpretations))
        }
        Notice::UnusedCodes { decimal_comma: false, .. }
        | Notice::RowNames
        | Notice::TrailingDelimiter
        | Notice::QuotedRows { .. }
        | Notice::UnnamedColumn { .. }
        | Notice::UnnamedColumns { .. }
        | Notice::TextColumns(_)
        | Notice::BlankColumns(_)
        | Notice::OutOfRange(_)
        | Notice::MoreOutOfRange(_) => notice.to_string(),
    }
}
