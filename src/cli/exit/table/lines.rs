//! Next steps for lines and rows. Most of them edit the file with sed.

use super::options::{choose_interpretation, comment_option, delimiter_option};
use crate::cli::column_list::list;
use crate::table::{DelimiterHint, HeaderFooter, Interpretation, LineConversion, RaggedCause, RaggedRow};

const SHORT_ROW: &str = "If the program that wrote the file omits blank cells at the end of a row, use \
     --fill-short-rows; otherwise correct the row, or give the delimiter with --delimiter.";

const UNQUOTE_LINES: &str = "Whole lines are in quotation marks. Remove the outer ones, for example with: \
     sed 's/^\"//; s/\"\\(\\r*\\)$/\\1/; s/\"\"/\"/g' old.csv > new.csv";

/// What to do about a row with more or fewer fields than the header.
pub(super) fn ragged_row(row: &RaggedRow) -> String {
    let RaggedRow { line, last_line, delimiter, .. } = row;
    match &row.cause {
        RaggedCause::QuotedLine => UNQUOTE_LINES.into(),
        RaggedCause::OneNumber(interpretations) => {
            format!(
                "{} If the comma separates cells, give each of them a name in the header.",
                choose_interpretation(interpretations)
            )
        }
        RaggedCause::DelimiterInName => {
            format!("If the header is one name with {delimiter:?} in it, use --delimiter ';'. {SHORT_ROW}")
        }
        RaggedCause::Remark { comment: Some(character) } => {
            format!("If the line is a remark, not a row, use {}\n{SHORT_ROW}", comment_option(*character))
        }
        RaggedCause::Remark { comment: None } => format!(
            "If the line is a remark, not a row, remove it, for example with: sed {}d old.csv > new.csv\n{SHORT_ROW}",
            range(*line, *last_line)
        ),
        RaggedCause::Short => SHORT_ROW.into(),
        RaggedCause::Long => format!(
            "Correct the row: a cell that contains {delimiter:?} must be in quotation marks, and each cell needs a \
             name in the header, also a row name. If the delimiter is wrong, give the right one with --delimiter."
        ),
    }
}

/// What to do about rows with one field more than the header: two possibilities.
pub(super) fn extra_field(header_line: u64, delimiter: char) -> String {
    let (pattern, replacement) = match delimiter {
        '\t' => (r"\t".to_owned(), r"\t".to_owned()),
        '^' => (r"\^".into(), "^".into()),
        other => (format!("[{other}]"), other.to_string()),
    };
    format!(
        "If the rows end with a delimiter, remove it: sed 's/{pattern}\\(\\r*\\)$/\\1/' old.csv > new.csv\n\
         If the first field is a row name, name it in the header: \
         sed '{header_line}s/^/row{replacement}/' old.csv > new.csv"
    )
}

/// What to do about a row of text above the first numbers.
pub(super) fn second_header(line: u64, last_line: u64, codes: &[String], header_absent: bool) -> String {
    let data = match codes {
        [] => "If it is data, correct it".into(),
        _ => format!("If it is data, and its cells mean that values are missing, use --missing {}", list(codes)),
    };
    let header = if header_absent {
        "--header present, not absent".into()
    } else {
        format!("--skip-lines {}", line.saturating_sub(1))
    };
    format!(
        "{data}; if it is the header, use {header}; if it contains units, remove it, for example with: \
         sed {}d old.csv > new.csv",
        range(line, last_line)
    )
}

/// The command that removes the lines above and below all numbers, if they are not data.
pub(super) fn remove_header_footer(lines: HeaderFooter) -> String {
    let (are, them) = if lines.is_one_line() { ("is", "it") } else { ("are", "them") };
    let (mut named, mut commands, mut skip) = (Vec::new(), Vec::new(), String::new());
    if let Some((first, last)) = lines.header {
        let word = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
        named.push(format!("{word} (a header, units)"));
        commands.push(format!("{}d", range(first, last)));
        skip = format!("; if line {first} is the header, use --skip-lines {}", first.saturating_sub(1));
    }
    if let Some(first) = lines.footer {
        named.push(format!("line {first} and the lines below (totals, remarks)"));
        commands.push(format!("{first},$d"));
    }
    format!(
        "If {} {are} not data, remove {them}, for example with: sed '{}' old.csv > new.csv{skip}.",
        named.join(" and "),
        commands.join("; ")
    )
}

/// What to do about a table that seems to have one column.
pub(super) fn only_column(hint: Option<DelimiterHint>, interpretations: &[Interpretation]) -> String {
    let separate = match hint {
        Some(DelimiterHint::QuotedLines(_)) => return UNQUOTE_LINES.into(),
        Some(DelimiterHint::Delimiter(found)) => {
            format!("If {found:?} separates the cells, use {}.", delimiter_option(found))
        }
        Some(DelimiterHint::Spaces) => "If spaces separate the cells, replace them by semicolons, for example with: \
             sed 's/^ *//; s/ *$//; s/  */;/g' old.csv > new.csv"
            .into(),
        None => "If the file has several columns, give the delimiter with --delimiter.".into(),
    };
    if interpretations.is_empty() {
        separate
    } else {
        format!("{separate}\n{}", choose_interpretation(interpretations))
    }
}

/// `next_step`, and before it the command that converts the file so that sed can edit its lines.
pub(super) fn needs_conversion(conversion: LineConversion, next_step: &str) -> String {
    let command = match conversion {
        LineConversion::Utf16 => "iconv -f UTF-16 -t UTF-8 old.csv > new.csv",
        LineConversion::Utf16LittleEndian => "iconv -f UTF-16LE -t UTF-8 old.csv > new.csv",
        LineConversion::Utf16BigEndian => "iconv -f UTF-16BE -t UTF-8 old.csv > new.csv",
        LineConversion::CarriageReturn => "tr '\\r' '\\n' < old.csv > new.csv",
    };
    format!("sed cannot split this file into lines. Before you use it, convert the file: {command}\n{next_step}")
}

/// A range of lines in sed.
fn range(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first},{last}") }
}
