//! What the user should know about how a file was read and which columns were skipped.

use std::collections::BTreeMap;
use std::fmt;

use super::classification::ColumnProfile;
use super::classification::{SkipReason, Skipped, SkippedColumn};
use crate::table::detection::row_layout::{RowLayout, is_year};
use crate::table::dialect::HeaderRow;
use crate::table::display::{MAX_LISTED, plural, quoted_list, short_list, short_quoted_list};
use crate::table::error::TableError;
use crate::table::error_details::NonNumericCells;
use crate::table::limits::MAX_RANGE_BITS;
use crate::table::numbers::format_set::{FormatChange, Interpretation};
use crate::table::reader::TableReader;

/// The most header names that [`Notice::NumericNames`] shows.
const MAX_NAMES: usize = 5;

/// A fact that the user should know although the file can be used. `cli::exit` adds the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the comments on the variants say what the fields are; lines and fields count from 1")]
pub enum Notice {
    /// The header has one name too few: each row starts with a row name.
    RowNames,
    /// The header has one name too few: each row ends with a delimiter.
    TrailingDelimiter,
    /// A quoted field in the row at `line` seems to contain whole rows.
    QuotedRows { line: u64 },
    /// The line is skipped as a comment although it has as many cells as a row.
    CommentLikeRow { line: u64 },
    /// A decimal comma was detected in `example`.
    DecimalComma { example: String },
    /// The only column without a name is in this field.
    UnnamedColumn { field: usize },
    /// Columns without a name are named by position.
    UnnamedColumns { names: Vec<String> },
    /// `count` of the names of `columns` columns look like data: those in `names`, and blank ones.
    NumericNames { count: usize, columns: usize, names: Vec<String>, are_numbers: bool },
    /// No cell matches these missing-value codes. With a decimal comma, a list of codes may have been split inside a
    /// number.
    UnusedCodes { codes: Vec<String>, decimal_comma: bool },
    /// Columns skipped because most of their cells are text; each with its counts and an example.
    TextColumns(Vec<String>),
    /// Columns skipped because all their cells are blank.
    BlankColumns(Vec<String>),
    /// Columns skipped because their numbers are in a different format, as `cell` in the first of them.
    OtherFormat {
        columns: Vec<String>,
        cell: String,
        interpretations: Vec<Interpretation>,
        non_numeric: Option<NonNumericCells>,
    },
    /// A column skipped because its numbers cannot be added exactly; the text names line, column and cell.
    OutOfRange(String),
    /// How many more columns are skipped for that reason.
    MoreOutOfRange(usize),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowNames => write!(
                f,
                "the header has one name too few: the first cell of each row is read as the row name, as R and pandas do"
            ),
            Self::TrailingDelimiter => {
                write!(f, "the header has one name too few: the last field of each row is blank and ignored")
            }
            Self::QuotedRows { line } => write!(
                f,
                "line {line}: a quoted field contains line breaks and what may be whole rows (stray quotation mark?)"
            ),
            Self::CommentLikeRow { line } => {
                write!(f, "line {line} is skipped as a comment, but has as many cells as a row")
            }
            Self::DecimalComma { example } => write!(f, "numbers are read with a decimal comma, as in {example:?}"),
            Self::UnnamedColumn { field } => write!(f, "the column in field {field} has an empty name"),
            Self::UnnamedColumns { names } => {
                write!(f, "columns without a name are named by position: {}", short_quoted_list(names))
            }
            Self::NumericNames { count, columns, names, are_numbers } => {
                let shown = names.get(..MAX_NAMES).unwrap_or(names);
                let more = if names.len() > MAX_NAMES { ", …" } else { "" };
                let are = if *are_numbers { "are numbers" } else { "look like data" };
                write!(f, "{count} of {columns} names in the header {are} ({}{more})", quoted_list(shown))
            }
            Self::UnusedCodes { codes, .. } => {
                let word = plural(codes.len(), "code", "codes");
                write!(f, "no cell matches the missing-value {word} {}", short_quoted_list(codes))
            }
            Self::TextColumns(columns) => {
                write!(f, "skipped because most of the cells are not numbers: {}", short_list(columns))
            }
            Self::BlankColumns(names) => {
                write!(f, "skipped because all cells are blank: {}", short_quoted_list(names))
            }
            Self::OtherFormat { columns, cell, non_numeric, .. } => {
                let word = plural(columns.len(), "column", "columns");
                let addition = non_numeric.as_ref().map(NonNumericCells::addition).unwrap_or_default();
                let names = short_quoted_list(columns);
                write!(f, "skipped {word} {names}: {cell:?} is a number in a different format{addition}")
            }
            Self::OutOfRange(error) => write!(f, "skipped: {error}"),
            Self::MoreOutOfRange(count) => {
                write!(f, "skipped: {count} more columns whose numbers do not fit {MAX_RANGE_BITS} bits exactly")
            }
        }
    }
}

/// The notices for a file that was read to its end.
pub(super) fn notices(reader: &TableReader<'_>, columns: &[ColumnProfile], skipped: &[Skipped]) -> Vec<Notice> {
    // Before `numeric_names`, which compares names with the codes and so marks codes as found.
    let unused_codes = unused_codes(reader);
    let about_rows = [
        layout(reader),
        reader.quoted_rows().map(|line| Notice::QuotedRows { line }),
        reader.comment_like_row().map(|line| Notice::CommentLikeRow { line }),
        reader.comma_example().map(|example| Notice::DecimalComma { example: example.into() }),
        unnamed(reader, columns),
        numeric_names(reader, columns),
        unused_codes,
    ];
    about_rows.into_iter().flatten().chain(about_skipped(skipped)).collect()
}

fn layout(reader: &TableReader<'_>) -> Option<Notice> {
    match reader.layout() {
        RowLayout::Regular => None,
        RowLayout::RowNames => Some(Notice::RowNames),
        RowLayout::TrailingDelimiter => Some(Notice::TrailingDelimiter),
    }
}

fn unnamed(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Option<Notice> {
    let unnamed = &reader.header().unnamed;
    let mut kept = columns.iter().filter(|column| unnamed.contains(&column.position));
    if let [position] = unnamed.as_slice() {
        return kept.next().map(|_| Notice::UnnamedColumn { field: position + 1 });
    }
    let names: Vec<String> = kept.map(|column| column.name.clone()).collect();
    (!names.is_empty()).then_some(Notice::UnnamedColumns { names })
}

/// A header of numbers, codes and blanks may be the first row of a table without a header.
fn numeric_names(reader: &TableReader<'_>, columns: &[ColumnProfile]) -> Option<Notice> {
    if reader.dialect().header != HeaderRow::Expected {
        return None;
    }
    let is_unnamed = |column: &&ColumnProfile| reader.header().unnamed.contains(&column.position);
    let (blank, others): (Vec<_>, Vec<_>) = columns.iter().partition(is_unnamed);
    let format = reader.dialect().number_format();
    let is_number = |name: &str| format.parse(name.as_bytes()).is_ok();
    let is_code =
        |name: &str| reader.missing_codes().is_blank_or_code(name.as_bytes()) || !name.contains(char::is_alphanumeric);
    let others = others.into_iter().map(|column| column.name.clone());
    let names: Vec<String> = others.filter(|name| is_number(name) || is_code(name)).collect();
    let count = names.len() + blank.len();
    // Ascending years beside a name are names.
    let years = names.len() < reader.names().len()
        && names.iter().all(|name| is_year(name.as_bytes()))
        && names.windows(2).all(|pair| pair[0] < pair[1]);
    let are_numbers = blank.is_empty() && names.iter().all(|name| is_number(name));
    (!names.is_empty() && !years && 2 * count >= columns.len()).then_some(Notice::NumericNames {
        count,
        columns: columns.len(),
        names,
        are_numbers,
    })
}

fn unused_codes(reader: &TableReader<'_>) -> Option<Notice> {
    let codes = reader.missing_codes().unused();
    let decimal_comma = reader.dialect().number_format().decimal == b',';
    (!codes.is_empty()).then_some(Notice::UnusedCodes { codes, decimal_comma })
}

/// One notice for all columns of text, one for all blank ones, one for all that the same change of format would read.
fn about_skipped(skipped: &[Skipped]) -> Vec<Notice> {
    let of_reason = |is: fn(SkipReason) -> bool| skipped.iter().filter(move |skipped| is(skipped.column.reason));
    let texts: Vec<String> = skipped.iter().filter_map(text_column).collect();
    let blank: Vec<String> = of_reason(|reason| reason == SkipReason::Blank).map(|it| it.column.name.clone()).collect();
    let mut notices = Vec::new();
    if !texts.is_empty() {
        notices.push(Notice::TextColumns(texts));
    }
    if !blank.is_empty() {
        notices.push(Notice::BlankColumns(blank));
    }
    notices.extend(other_formats(of_reason(|reason| reason == SkipReason::Notation)));
    let out_of_range: Vec<&Skipped> = of_reason(|reason| reason == SkipReason::Range).collect();
    notices.extend(out_of_range.iter().take(MAX_LISTED).map(|skipped| Notice::OutOfRange(skipped.error.to_string())));
    if let Some(more) = out_of_range.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        notices.push(Notice::MoreOutOfRange(more));
    }
    notices
}

fn text_column(skipped: &Skipped) -> Option<String> {
    let SkippedColumn { name, reason: SkipReason::Text { texts, numbers } } = &skipped.column else { return None };
    let example = skipped.example.as_ref()?;
    Some(match (texts, numbers) {
        (1, 0) => format!("{name:?} (its only cell: {example:?})"),
        (_, 0) => format!("{name:?} (all {texts} cells, the first: {example:?})"),
        _ => format!("{name:?} ({texts} of {} cells, the first: {example:?})", texts + numbers),
    })
}

fn other_formats<'s>(skipped: impl Iterator<Item = &'s Skipped>) -> Vec<Notice> {
    let mut groups: BTreeMap<Vec<FormatChange>, Notice> = BTreeMap::new();
    for Skipped { column, error, .. } in skipped {
        let TableError::Notation { cell, interpretations, non_numeric: found, .. } = error else { continue };
        let changes = interpretations.iter().map(|one| one.change).collect();
        let notice = groups.entry(changes).or_insert_with(|| Notice::OtherFormat {
            columns: Vec::new(),
            cell: cell.clone(),
            interpretations: interpretations.clone(),
            non_numeric: None,
        });
        if let Notice::OtherFormat { columns, non_numeric, .. } = notice {
            columns.push(column.name.clone());
            if non_numeric.is_none() && found.count > 0 {
                *non_numeric = Some((**found).clone());
            }
        }
    }
    groups.into_values().collect()
}
