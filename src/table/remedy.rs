//! What the user can do about an error. Each remedy leads to the right figures or to the next true statement; the tests
//! follow them.

use super::column_names::{MOST_LISTED, argument, list, listed};
use super::error::{Edges, Mixed, OddCells, Ragged, TableError};
use super::likely::Likely;
use crate::foundation::decimal::{MAX_DIGITS, ParseDecimalError};

impl TableError {
    /// What the user can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Read { .. } => "Check the path, its permissions, and that the file is whole.".into(),
            Self::NotText { remedy, .. } => (*remedy).into(),
            Self::Encoding { .. } => {
                "Save the file as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv".into()
            }
            Self::NulByte { .. } => "Write the file again. If the bytes are only padding, remove them with: \
                 tr -d '\\000' < old.csv > new.csv"
                .into(),
            Self::Empty | Self::NoRows => "Give a CSV file with a header line and at least one row.".into(),
            Self::NoHeader { .. } => {
                "Add a line with the columns' names, or use --header absent (or present, if these numbers are names)."
                    .into()
            }
            Self::Ambiguous { first, second } => {
                format!("Choose one: --delimiter {} or --delimiter {}.", delimiter(first.0), delimiter(second.0))
            }
            Self::RareDelimiter { found, .. } => {
                format!("If commas separate cells, use --delimiter ','. {}", one_column(Some(*found), &[]))
            }
            Self::TrailingOrNames { header_line, delimiter, .. } => trailing_or_names(*header_line, *delimiter),
            Self::RowName { line, .. } => format!(
                "If the row is a total or a remark, remove it, for example with: sed {line}d old.csv > new.csv; else give it a number."
            ),
            Self::Comment { mark, skip, .. } => {
                format!("Use --comment {}, or --skip-lines {skip}.", argument(&mark.to_string()))
            }
            Self::Preamble { skip, comment: Some(comment), .. } => {
                format!("Use --comment {}, or --skip-lines {skip}.", argument(&comment.to_string()))
            }
            Self::Preamble { skip, may_be_header: true, .. } => format!(
                "If it is, use --skip-lines {skip}; if it is the header and each row has one field more, use --header present."
            ),
            Self::Preamble { skip, .. } => {
                format!("Use --skip-lines {skip}; if the delimiter is another one, give it with --delimiter.")
            }
            Self::Title { header_line, .. } => {
                format!("Use --skip-lines {}; if the first line is the header, use --header present.", header_line - 1)
            }
            Self::SecondHeader { line, last_line, codes, absent, .. } => {
                second_header(*line, *last_line, codes, *absent)
            }
            Self::CommaNumbers { readings, .. } => {
                format!("{} If the comma separates cells, give the header a name for each.", choice(readings))
            }
            Self::OneOrTwo { readings, .. } => format!("{} If they are two, use --delimiter ','.", choice(readings)),
            Self::PointOrThousands { readings, .. } => choice(readings),
            Self::DuplicateName { name, is_number, .. } => {
                let data =
                    if *is_number { "If the first line is data, use --header absent; else rename" } else { "Rename" };
                format!("{data} one of the two columns, or leave both out with --exclude {}.", argument(name))
            }
            Self::Ragged(ragged) => row_width(ragged),
            Self::LongRow { .. } | Self::OpenQuote { .. } => {
                "Close the quotation mark; if quotation marks are part of the data, use --no-quotes.".into()
            }
            Self::TextAfterQuote { likely: Some(found), .. } => format!(
                "If {found:?} separates cells, use --delimiter {}; else close the quotation mark where the cell ends, \
                 and double those within it (\"\"); if quotation marks are part of the data, use --no-quotes.",
                delimiter(*found)
            ),
            Self::TextAfterQuote { .. } => {
                "Close the quotation mark where the cell ends, and double those within it (\"\"); \
                 if quotation marks are part of the data, use --no-quotes."
                    .into()
            }
            Self::Mixed(mixed) => odd_cells(mixed),
            Self::Notation { readings, column, odd, .. } => {
                let columns: Vec<String> = std::iter::once(column).chain(&odd.others).cloned().collect();
                let (choice, missing, exclude) = (choice(readings), missing(odd), list(&columns));
                format!("{choice}{missing} Or leave the {} out with --exclude {exclude}.", columns_of(&columns))
            }
            Self::Number { reason: ParseDecimalError::Digits, column, .. } => {
                format!(
                    "Round it: at most {MAX_DIGITS} significant digits are read exactly; or leave the column out with \
                     --exclude {}.",
                    argument(column)
                )
            }
            Self::Number { column, .. } | Self::TooWide { column, .. } => {
                format!("Correct the cell, or leave the column out with --exclude {}.", argument(column))
            }
            Self::NoSuchColumn { .. } => "Correct the name; names are compared letter by letter.".into(),
            Self::NotNumeric { .. } | Self::NoNumbers => "Choose a column that holds numbers.".into(),
            Self::OneColumn { likely, readings, .. } => one_column(*likely, readings),
            Self::Lines { error, command } => format!(
                "sed cannot split this file into lines. Before you use it, convert the file: {command}\n{}",
                error.remedy()
            ),
            Self::Changed { .. } => "Run the command again when nothing writes to the file.".into(),
            Self::Cancelled(_) => "Run the command again.".into(),
        }
    }
}

fn trailing_or_names(header_line: u64, delimiter: char) -> String {
    let (found, written) = match delimiter {
        '\t' => (r"\t".to_owned(), r"\t".to_owned()),
        '^' => (r"\^".into(), "^".into()),
        mark => (format!("[{mark}]"), mark.to_string()),
    };
    format!(
        "If the rows end with a delimiter, remove it: sed 's/{found}\\(\\r*\\)$/\\1/' old.csv > new.csv\n\
         If the first field is the row's name, name it in the header: sed '{header_line}s/^/row{written}/' old.csv > new.csv"
    )
}

/// Lines as sed names them.
fn lines(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first},{last}") }
}

fn second_header(line: u64, last_line: u64, codes: &[String], absent: bool) -> String {
    let lines = lines(line, last_line);
    let data = match codes {
        [] => "If it is data, correct it".into(),
        _ => format!("If it is data, and its cells mean that values are missing, use --missing {}", list(codes)),
    };
    let header =
        if absent { "--header present, not absent".into() } else { format!("--skip-lines {}", line.saturating_sub(1)) };
    format!(
        "{data}; if it is the header, use {header}; if it holds units, remove it, for example with: \
         sed {lines}d old.csv > new.csv"
    )
}

const SHORT_ROW: &str = "If the program that wrote the file leaves out blank cells at the end of a row, use --fill-short-rows; \
     else correct the row, or give the delimiter with --delimiter.";

fn row_width(ragged: &Ragged) -> String {
    let Ragged { line, last_line, found, expected, delimiter, .. } = ragged;
    if ragged.quoted_line {
        return quoted_lines();
    }
    if !ragged.readings.is_empty() {
        return format!("{} If the comma separates cells, give the header a name for each.", choice(&ragged.readings));
    }
    if *found == 1 && ragged.spaced_header {
        return format!("If the header is one name with {delimiter:?} in it, use --delimiter ';'. {SHORT_ROW}");
    }
    if *found == 1 && *expected > 1 && ragged.is_text {
        let comment = match ragged.comment {
            Some(mark) => format!("use --comment {}", argument(&mark.to_string())),
            None => format!("remove it, for example with: sed {}d old.csv > new.csv", lines(*line, *last_line)),
        };
        return format!("If the line is a remark and no row, {comment}\n{SHORT_ROW}");
    }
    if found < expected {
        return SHORT_ROW.into();
    }
    format!(
        "Correct the row: a cell with {delimiter:?} in it must stand in quotation marks, and each cell needs a name in the \
         header, also one with the row's name. If the delimiter is another one, give it with --delimiter."
    )
}

fn quoted_lines() -> String {
    "The line stands in quotation marks as a whole. Remove them, for example with: \
     sed 's/^\"//; s/\"\\(\\r*\\)$/\\1/; s/\"\"/\"/g' old.csv > new.csv"
        .into()
}

fn odd_cells(mixed: &Mixed) -> String {
    let mut columns = vec![mixed.column.clone()];
    columns.extend(mixed.others.iter().cloned());
    let exclude = if columns.len() > MOST_LISTED {
        format!("leave these {} columns out with --exclude", columns.len())
    } else {
        format!("leave the {} out with --exclude {}", columns_of(&columns), list(&columns))
    };
    if mixed.other_form {
        return format!("Write all numbers of a column in one form, or {exclude}.");
    }
    let correct = if mixed.edges.is_some() { "correct" } else { "Correct" };
    let data = match &mixed.odd {
        Some(odd) => {
            let codes: Vec<String> = mixed.codes.iter().chain(odd).cloned().collect();
            format!(
                "{correct} the cells; if they mean that the value is missing, use --missing {}; or {exclude}.",
                list(&codes)
            )
        }
        None => format!("{correct} the cells, or {exclude}."),
    };
    match mixed.edges {
        Some(edges) if edges.is_one_line() => format!("{}\nIf it is data, {data}", no_data(edges)),
        Some(edges) => format!("{}\nIf they are data, {data}", no_data(edges)),
        None => data,
    }
}

/// How to remove lines above and below all numbers.
fn no_data(edges: Edges) -> String {
    let Edges { above, below } = edges;
    let (belong, them) = if edges.is_one_line() { ("belongs", "it") } else { ("belong", "them") };
    let (mut places, mut commands, mut header) = (Vec::new(), Vec::new(), String::new());
    if let Some((first, last)) = above {
        let named = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
        places.push(format!("{named} (a header, units)"));
        commands.push(format!("{}d", lines(first, last)));
        header = format!("; if line {first} is the header, use --skip-lines {}", first.saturating_sub(1));
    }
    if let Some(begin) = below {
        places.push(format!("line {begin} and what is below it (totals, remarks)"));
        commands.push(format!("{begin},$d"));
    }
    format!(
        "If {} {belong} to no record, remove {them}, for example with: sed '{}' old.csv > new.csv{header}.",
        places.join(" and "),
        commands.join("; ")
    )
}

/// What to do about cells that are not numbers in any form, if there are such.
pub(super) fn missing(odd: &OddCells) -> String {
    match &odd.cells {
        Some(cells) if !cells.is_empty() => {
            let codes: Vec<String> = odd.codes.iter().chain(cells).cloned().collect();
            format!(
                " If {} {} that the value is missing, also use --missing {}.",
                listed(cells),
                if cells.len() == 1 { "means" } else { "mean" },
                list(&codes)
            )
        }
        _ => String::new(),
    }
}

fn columns_of(columns: &[String]) -> &'static str {
    if columns.len() == 1 { "column" } else { "columns" }
}

/// The options for each reading of a number.
pub(super) fn choice(readings: &[(String, String)]) -> String {
    let options: Vec<String> =
        readings.iter().map(|(number, options)| format!("if it is {number}, use {options}")).collect();
    match options.len() {
        0 => "Write all numbers in one form.".into(),
        _ => format!("Choose: {}.", options.join("; ")),
    }
}

fn one_column(likely: Option<Likely>, readings: &[(String, String)]) -> String {
    let separate = match likely {
        Some(Likely::QuotedLines(_)) => return quoted_lines(),
        Some(Likely::Delimiter(found)) => {
            format!("If {found:?} separates cells, use --delimiter {}.", delimiter(found))
        }
        Some(Likely::Spaces) => "If spaces separate cells, make them semicolons, for example with: \
             sed 's/^ *//; s/ *$//; s/  */;/g' old.csv > new.csv"
            .into(),
        None => "If cells are separated, give the delimiter with --delimiter.".into(),
    };
    if readings.is_empty() { separate } else { format!("{separate}\n{}", choice(readings)) }
}

fn delimiter(delimiter: char) -> String {
    match delimiter {
        '\t' => "tab".into(),
        ' ' => "space".into(),
        other => format!("'{other}'"),
    }
}
