//! What can be wrong with a table: facts, each with its place. What to do about it is in `remedy.rs`.

use super::column_names::shortlist;
pub use super::details::{Mixed, OddCells, Ragged};
pub use super::edges::Edges;
use super::likely::Likely;
use crate::foundation::decimal::ParseDecimalError;

/// Longest piece of a cell that an error shows, in characters; a longer cell is never part of a remedy.
pub(super) const SHOWN: usize = 60;

/// Why a CSV file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not a text file, or one of an encoding that is not read.
    #[error("the file is {is}, not a CSV file in UTF-8 or UTF-16")]
    NotText {
        /// What it is.
        is: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Bytes that are no UTF-8.
    #[error("line {line}, field {field}: not UTF-8 text")]
    Encoding {
        /// From 1.
        line: u64,
        /// From 1.
        field: usize,
    },
    /// A zero byte in the text.
    #[error("line {line}: a NUL byte (0x00) in the text")]
    NulByte {
        /// From 1.
        line: u64,
    },
    /// No line with any text.
    #[error("the file is empty: no header and no rows")]
    Empty,
    /// A header and nothing else.
    #[error("the file has a header but no rows")]
    NoRows,
    /// The first row holds numbers and blanks only.
    #[error("line {line}: no header: the first row holds numbers and no names (first cell {cell:?})")]
    NoHeader {
        /// From 1.
        line: u64,
        /// The first cell.
        cell: String,
    },
    /// Two delimiters split the first rows equally well.
    #[error(
        "two delimiters fit the first lines: {:?} gives the columns {}, and {:?} gives the columns {}",
        first.0, first.1, second.0, second.1
    )]
    Ambiguous {
        /// A delimiter and the columns it gives.
        first: (char, String),
        /// The other one.
        second: (char, String),
    },
    /// A delimiter that is not tried, in a table of numbers with commas.
    #[error("line {line}: {cell:?} may be separated by {found}, with commas in its numbers, or by commas")]
    RareDelimiter {
        /// From 1.
        line: u64,
        /// The row.
        cell: String,
        /// What separates the cells, it seems.
        found: Likely,
    },
    /// A header that lacks a name for the first field, or for the last.
    #[error(
        "line {line}: one field more than in the header, and the last one of each row is blank: \
         either the first one is the row's name, or the rows end with {delimiter:?}"
    )]
    TrailingOrNames {
        /// Of the first row, from 1.
        line: u64,
        /// Of the header, from 1.
        header_line: u64,
        /// What separates cells.
        delimiter: char,
    },
    /// A row whose name is text, where the others are numbers.
    #[error("line {line}: the row's name is {cell:?}, but that of line {number_line} is the number {number:?}")]
    RowName {
        /// From 1.
        line: u64,
        /// Its name.
        cell: String,
        /// Of the first row with a number for a name, from 1.
        number_line: u64,
        /// That number.
        number: String,
    },
    /// A comment above the header.
    #[error("line {line} begins with {mark:?}: it seems to be a comment above the header")]
    Comment {
        /// Of the first such line, from 1.
        line: u64,
        /// What it begins with.
        mark: char,
        /// Lines before the header.
        skip: u64,
    },
    /// Lines before the header that are narrower than the table.
    #[error(
        "line {line}: {found} {} instead of the {expected} of line {header_line} and those below it: \
         it seems to be a title or a comment above the header",
        plural(*found, "field", "fields")
    )]
    Preamble {
        /// Of the first such line, from 1.
        line: u64,
        /// Its fields.
        found: usize,
        /// Of the header, from 1.
        header_line: u64,
        /// Fields of the header.
        expected: usize,
        /// Lines before the header.
        skip: u64,
        /// The character that these lines begin with, if it is one of comments and no other line does.
        comment: Option<char>,
        /// Whether it may be the header all the same: one field short, as in R.
        may_be_header: bool,
    },
    /// A title above the header, padded to the table's width.
    #[error(
        "line {line}: {named} {} for {columns} columns; line {header_line} seems to be the header",
        plural(*named, "name", "names")
    )]
    Title {
        /// Of the title, from 1.
        line: u64,
        /// Its cells that are not blank.
        named: usize,
        /// Fields of the table.
        columns: usize,
        /// Of the header, from 1.
        header_line: u64,
    },
    /// A second line of a header, or the units of the columns.
    #[error(
        "line {line} holds text where the lines below hold numbers (column {column:?}: {cell:?}, then {number:?}): \
         it seems to belong to the header, or to be a row of units"
    )]
    SecondHeader {
        /// From 1.
        line: u64,
        /// Its last line, if cells hold line breaks.
        last_line: u64,
        /// A column.
        column: String,
        /// Its cell in this line.
        cell: String,
        /// Its first number.
        number: String,
        /// The codes for missing values in force, and the row's cells; none if those are too many, or too long.
        codes: Box<[String]>,
        /// Whether `--header absent` was given.
        absent: bool,
    },
    /// A column without any name but numbers with commas.
    #[error("line {line}: the header has the one name {column:?}, but {cell:?} holds a comma")]
    CommaNumbers {
        /// From 1.
        line: u64,
        /// The column's name in the header.
        column: String,
        /// The first cell with a comma.
        cell: String,
        /// What number it may be, and the options that read it so.
        readings: Vec<(String, String)>,
    },
    /// A comma that may be a decimal comma or a delimiter.
    #[error(
        "line {line}: {cell:?} may be one number with a comma in it, or two cells{}",
        header.as_ref().map(|header| format!(" below the names {header:?}")).unwrap_or_default()
    )]
    OneOrTwo {
        /// From 1.
        line: u64,
        /// The header's line, if there is a header.
        header: Option<String>,
        /// The row's line.
        cell: String,
        /// What the one number may be, and the options for it.
        readings: Vec<(String, String)>,
    },
    /// A point before three digits, where other numbers are not written with a decimal point.
    #[error(
        "line {line}, field {field}: the point in {cell:?} may be a decimal point or a thousands separator, \
         for line {} holds the number {:?}", other.0, other.1
    )]
    PointOrThousands {
        /// From 1.
        line: u64,
        /// From 1.
        field: usize,
        /// The cell.
        cell: String,
        /// What number it may be, and the options that read it so.
        readings: Vec<(String, String)>,
        /// Line of the first number that is none with a decimal point alone, and that number.
        other: (u64, String),
    },
    /// Two columns of one name.
    #[error("line {line}: the column name {name:?} stands in field {first} and again in field {second}")]
    DuplicateName {
        /// From 1.
        line: u64,
        /// The name.
        name: String,
        /// From 1.
        first: usize,
        /// From 1.
        second: usize,
        /// Whether the name is a number.
        is_number: bool,
    },
    /// A row with more or fewer fields than the header.
    #[error(
        "line {}: {} {} instead of {} (first cell {:?}){}",
        .0.line, .0.found, plural(.0.found, "field", "fields"), .0.expected, .0.cell,
        if .0.found < .0.expected { ": the row is short" } else { "" }
    )]
    Ragged(Ragged),
    /// A record longer than [`super::limits::MAX_ROW_BYTES`].
    #[error("line {line}: a row of more than {limit} bytes (is a quotation mark left open?)")]
    LongRow {
        /// Where it begins, from 1.
        line: u64,
        /// In bytes.
        limit: usize,
    },
    /// A quotation mark that is never closed: the rest of the file would be one cell.
    #[error("line {line}: a quotation mark that begins a cell here is never closed")]
    OpenQuote {
        /// From 1.
        line: u64,
    },
    /// Text between a closing quotation mark and the next delimiter.
    #[error("line {line}: text follows the closing quotation mark of the cell that begins in line {opened}")]
    TextAfterQuote {
        /// The character after the mark, if it may separate cells.
        likely: Option<char>,
        /// From 1.
        line: u64,
        /// Where the quoted cell begins, from 1.
        opened: u64,
    },
    /// Numbers and other text in one column, mostly numbers.
    #[error(
        "line {}, column {:?}: {:?} is not a number, but line {} has {:?} there{}",
        .0.line, .0.column, .0.cell, .0.number_line, .0.number, .0.more()
    )]
    Mixed(Box<Mixed>),
    /// Numbers of another form than the file's others.
    #[error("line {line}, column {column:?}: {cell:?} is a number in another form than expected{}", odd.also())]
    Notation {
        /// Of the first such cell, from 1.
        line: u64,
        /// The column's name in the header.
        column: String,
        /// The cell.
        cell: String,
        /// What number it may be, and the options that read it so.
        readings: Vec<(String, String)>,
        /// The column's cells that are numbers in no form.
        odd: Box<OddCells>,
    },
    /// A number beyond what is read exactly.
    #[error("line {line}, column {column:?}: {cell:?} {reason}")]
    Number {
        /// From 1.
        line: u64,
        /// The column's name in the header.
        column: String,
        /// The cell.
        cell: String,
        /// Why.
        reason: ParseDecimalError,
    },
    /// A column whose values lie too far apart to be added exactly.
    #[error(
        "line {line}, column {column:?}: {cell} is too far from the column's finest digit ({fine} in line {fine_line}): \
         the column would need more than {bits} bits",
        bits = super::limits::MAX_RANGE_BITS
    )]
    TooWide {
        /// Of the extreme cell, from 1.
        line: u64,
        /// The column's name in the header.
        column: String,
        /// The extreme cell.
        cell: String,
        /// Line of the cell with the finest digit, from 1.
        fine_line: u64,
        /// That cell.
        fine: String,
    },
    /// A name asked for that is not in the header.
    #[error("there is no column {name:?}; the columns are {}", shortlist(names))]
    NoSuchColumn {
        /// The name asked for.
        name: String,
        /// The names there are.
        names: Vec<String>,
    },
    /// A column asked for that holds no number.
    #[error("column {name:?} was asked for, but none of its cells is a number")]
    NotNumeric {
        /// The column's name in the header.
        name: String,
    },
    /// One column of text: the delimiter may be another one.
    #[error("the file has one column, {name:?}, and it holds no numbers (the first cell: {cell:?})")]
    OneColumn {
        /// The column's name in the header.
        name: String,
        /// Its first cell that is no number.
        cell: String,
        /// What number that may be, and the options that read it so.
        readings: Vec<(String, String)>,
        /// What would make several columns of it.
        likely: Option<Likely>,
    },
    /// An error whose remedy takes lines of UTF-8 that end with LF.
    #[error("{error}")]
    Lines {
        /// What is wrong.
        error: Box<TableError>,
        /// Makes such lines.
        command: &'static str,
    },
    /// No column to compute on.
    #[error("no column holds numbers")]
    NoNumbers,
    /// The file was not the same in the second pass.
    #[error("the file changed while it was read{}", at_line(*line))]
    Changed {
        /// Where it was noticed, from 1.
        line: Option<u64>,
    },
    /// Work was stopped.
    #[error(transparent)]
    Cancelled(#[from] crate::foundation::observer::Cancelled),
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(" (noticed at line {line})")).unwrap_or_default()
}

fn plural(count: usize, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}

/// A cell as an error shows it: at most [`SHOWN`] characters.
pub(super) fn shown(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
