//! Advice for what the user should know of how a table was read.

use super::cells::missing_codes;
use super::options::choice;
use crate::table::Notice;

/// The notice as shown to the user: the fact, and the option that changes it.
pub(in crate::cli) fn describe_notice(notice: &Notice) -> String {
    match notice {
        Notice::CommentLikeRow { .. } => format!("{notice}; if it is a row, use --skip-lines instead of --comment"),
        Notice::DecimalComma { .. } => format!("{notice}; if that is wrong, use --decimal-point"),
        Notice::NumericNames { .. } => format!("{notice}; if the first line is data, use --header absent"),
        Notice::UnusedCodes { decimal_comma: true, .. } => {
            format!("{notice}; put a code that contains a comma in quotation marks, as in --missing 'NA,\"-9,9\"'")
        }
        Notice::OtherFormat { interpretations, non_numeric, .. } => {
            let missing = non_numeric.as_ref().map(missing_codes).unwrap_or_default();
            format!("{notice}. {}{missing}", choice(interpretations))
        }
        _ => notice.to_string(),
    }
}
