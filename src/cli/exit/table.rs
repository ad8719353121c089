//! Next steps for errors of CSV files. Following one gives the right statistics or another accurate message, as
//! integration tests check.

mod cells;
mod lines;
mod notices;
mod options;
#[cfg(test)]
mod tests;

use self::cells::{leave_out, mixed_columns, non_numeric_cells};
use self::lines::{extra_field, needs_conversion, only_column, ragged_row, second_header};
pub(in crate::cli) use self::notices::describe_notice;
use self::options::{choose_interpretation, comment_option, delimiter_option};
use super::Explain;
use super::codes::{CANCELLED, TABLE};
use crate::cli::column_list::argument;
use crate::foundation::decimal::{MAX_DIGITS, ParseDecimalError};
use crate::foundation::observer::Cancelled;
use crate::table::{FileFormat, TableError};

const NO_QUOTES: &str = "if quotation marks are part of the data, use --no-quotes.";

impl Explain for TableError {
    fn explain(&self) -> (u8, Option<String>) {
        match self {
            Self::Cancelled(Cancelled) => (CANCELLED, None),
            error => (TABLE, Some(next_step(error))),
        }
    }
}

fn next_step(error: &TableError) -> String {
    match error {
        TableError::Read { .. } => "Check the path, its permissions, and that the file is complete.".into(),
        TableError::NotText { format } => not_text(*format).into(),
        TableError::InvalidUtf8 { .. } => {
            "Save the file as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv".into()
        }
        TableError::NulByte { .. } => "Write the file again. If the NUL bytes are only padding, remove them with: \
             tr -d '\\000' < old.csv > new.csv"
            .into(),
        TableError::Empty | TableError::NoRows => "Use a CSV file with a header line and at least one row.".into(),
        TableError::NoHeader { .. } => {
            "Add a line with the column names, or use --header absent (--header present if these numbers are the \
             names)."
                .into()
        }
        TableError::AmbiguousDelimiter { first, second } => {
            format!("Choose one: {} or {}.", delimiter_option(first.0), delimiter_option(second.0))
        }
        TableError::RareDelimiter { found, .. } => {
            format!("If commas separate the cells, use --delimiter ','. {}", only_column(Some(*found), &[]))
        }
        TableError::ExtraField { header_line, delimiter, .. } => extra_field(*header_line, *delimiter),
        TableError::RowName { line, .. } => format!(
            "If the row is a total or a remark, remove it, for example with: sed {line}d old.csv > new.csv; \
             otherwise give it a number as its name."
        ),
        TableError::Comment { character, skip, .. } | TableError::Preamble { skip, comment: Some(character), .. } => {
            format!("Use {}, or --skip-lines {skip}.", comment_option(*character))
        }
        TableError::Preamble { skip, may_be_header: true, .. } => format!(
            "If it is, use --skip-lines {skip}; if it is the header and each row has one field more, use --header \
             present."
        ),
        TableError::Preamble { skip, .. } => {
            format!("Use --skip-lines {skip}; if the delimiter is wrong, give the right one with --delimiter.")
        }
        TableError::Title { header_line, .. } => {
            format!("Use --skip-lines {}; if the first line is the header, use --header present.", header_line - 1)
        }
        TableError::SecondHeader { line, last_line, codes, header_absent, .. } => {
            second_header(*line, *last_line, codes, *header_absent)
        }
        TableError::CommaNumbers { interpretations, .. } => {
            format!(
                "{} If the comma separates cells, give each of them a name in the header.",
                choose_interpretation(interpretations)
            )
        }
        TableError::AmbiguousComma { interpretations, .. } => {
            format!("{} If it is two cells, use --delimiter ','.", choose_interpretation(interpretations))
        }
        TableError::AmbiguousPoint { interpretations, .. } => choose_interpretation(interpretations),
        TableError::DuplicateName { name, is_number, .. } => {
            let rename =
                if *is_number { "If the first line is data, use --header absent; otherwise rename" } else { "Rename" };
            format!("{rename} one of the two columns, or leave both out with --exclude {}.", argument(name))
        }
        TableError::Ragged(row) => ragged_row(row),
        TableError::LongRow { .. } | TableError::OpenQuote { .. } => format!("Close the quotation mark; {NO_QUOTES}"),
        TableError::TextAfterQuote { delimiter, .. } => text_after_quote(*delimiter),
        TableError::Mixed(column) => mixed_columns(column),
        TableError::Notation { interpretations, column, non_numeric, .. } => {
            let choice = choose_interpretation(interpretations);
            let missing = non_numeric_cells(non_numeric).map(|step| format!(" {step}")).unwrap_or_default();
            format!("{choice}{missing} Or {}.", leave_out(column, &non_numeric.others))
        }
        TableError::Number { reason: ParseDecimalError::Digits, column, .. } => format!(
            "Round it to at most {MAX_DIGITS} significant digits, or leave the column out with --exclude {}.",
            argument(column)
        ),
        TableError::Number { column, .. } | TableError::TooWide { column, .. } => {
            format!("Correct the cell, or leave the column out with --exclude {}.", argument(column))
        }
        TableError::NoSuchColumn { .. } => "Correct the name; upper and lower case matter.".into(),
        TableError::NotNumeric { .. } | TableError::NoNumbers => "Choose a column that contains numbers.".into(),
        TableError::OneColumn { hint, interpretations, .. } => only_column(*hint, interpretations),
        TableError::NeedsConversion { error, conversion } => needs_conversion(*conversion, &next_step(error)),
        TableError::Changed { .. } => "Run the command again when no program writes to the file.".into(),
        TableError::Cancelled(Cancelled) => "Run the command again.".into(),
    }
}

fn not_text(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Zip | FileFormat::Xls => "Open it in a spreadsheet program and save the sheet as CSV (UTF-8).",
        FileFormat::Gzip => "Decompress it, for example with: gzip -dc old.csv.gz > new.csv",
        FileFormat::Zstd => "Decompress it, for example with: zstd -dc old.csv.zst > new.csv",
        FileFormat::Xz => "Decompress it, for example with: xz -dc old.csv.xz > new.csv",
        FileFormat::Bzip2 => "Decompress it, for example with: bzip2 -dc old.csv.bz2 > new.csv",
        FileFormat::Parquet | FileFormat::Avro | FileFormat::Hdf5 | FileFormat::Sqlite => {
            "Export the table as CSV (UTF-8) with the program that wrote it."
        }
        FileFormat::Pdf => "Use the CSV file from which the document was made.",
        FileFormat::Utf32 => "Save it as UTF-8, for example with: iconv -f UTF-32 -t UTF-8 old.csv > new.csv",
    }
}

fn text_after_quote(delimiter: Option<char>) -> String {
    let separate = delimiter
        .map(|found| format!("If {found:?} separates the cells, use {}.\n", delimiter_option(found)))
        .unwrap_or_default();
    format!(
        "{separate}Close the quotation mark at the end of the cell, and double the quotation marks inside it (\"\"); \
         {NO_QUOTES}"
    )
}
