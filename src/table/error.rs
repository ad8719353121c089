//! Why a CSV file cannot be used. The errors carry facts; `cli::exit` adds the next step.

use super::display::{plural, short_list};
use super::error_details::{DelimiterHint, MixedColumn, NonNumericCells, RaggedCause, RaggedRow};
use super::file_format::{FileFormat, LineConversion};
use super::limits::MAX_RANGE_BITS;
use super::numbers::format_set::Interpretation;
use crate::foundation::decimal::ParseDecimalError;

/// Why a CSV file cannot be used.
///
/// Lines and fields are counted from 1. `cell`, `number` and `column` are texts from the file, shortened where they are
/// long.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names and the comment above say what the fields are")]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    /// The file is not text, or text in an unsupported encoding.
    #[error("the file is {format}, not a CSV file in UTF-8 or UTF-16")]
    NotText { format: FileFormat },
    /// A field is not UTF-8.
    #[error("line {line}, field {field}: invalid UTF-8")]
    InvalidUtf8 { line: u64, field: usize },
    /// The text contains a NUL byte.
    #[error("line {line}: NUL byte (0x00) in the text")]
    NulByte { line: u64 },
    /// No line contains any text.
    #[error("the file is empty: no header and no rows")]
    Empty,
    /// There is nothing below the header.
    #[error("the file has a header but no rows")]
    NoRows,
    /// The first row contains numbers and blanks only; `cell` is its first one.
    #[error("line {line}: no header: the first row has numbers but no names (first cell {cell:?})")]
    NoHeader { line: u64, cell: String },
    /// Two delimiters split the first rows equally well. Each comes with the column names that it gives.
    #[error(
        "ambiguous delimiter: {:?} gives the columns {}; {:?} gives the columns {}",
        first.0, first.1, second.0, second.1
    )]
    AmbiguousDelimiter { first: (char, String), second: (char, String) },
    /// A delimiter that is not tried may separate numbers with commas; `cell` is a whole row.
    #[error("line {line}: ambiguous delimiter in {cell:?}: {found} (with commas in the numbers) or ','")]
    RareDelimiter { line: u64, cell: String, found: DelimiterHint },
    /// The header lacks one name: that of the first field (row names), or that of the last one (trailing delimiters).
    #[error(
        "line {line}: one field more than in the header, and the last field of each row is blank: \
         either the first field is a row name, or the rows end with {delimiter:?}"
    )]
    ExtraField { line: u64, header_line: u64, delimiter: char },
    /// A row name is text where the others are numbers.
    #[error("line {line}: the row name {cell:?} is not a number, but that of line {number_line} is {number:?}")]
    RowName { line: u64, cell: String, number_line: u64, number: String },
    /// A comment above a header of one name; `skip` is the number of lines above the header.
    #[error("line {line} starts with {character:?}: it looks like a comment above the header")]
    Comment { line: u64, character: char, skip: u64 },
    /// Lines above the header have fewer fields than the table.
    #[error(
        "line {line}: {found} {}, but line {header_line} and the lines below have {expected}: \
         it looks like a title or a comment above the header",
        plural(*found, "field", "fields")
    )]
    Preamble {
        line: u64,
        found: usize,
        header_line: u64,
        expected: usize,
        /// The number of lines above the header.
        skip: u64,
        /// The comment character that all these lines start with, and no other line does.
        comment: Option<char>,
        /// Whether the first line may still be the header: it is one field short, as in files that R writes.
        may_be_header: bool,
    },
    /// A title above the header, padded with delimiters; `named` of its cells are not blank.
    #[error(
        "line {line}: {named} {} for {columns} columns; line {header_line} looks like the header",
        plural(*named, "name", "names")
    )]
    Title { line: u64, named: usize, columns: usize, header_line: u64 },
    /// A second header line, or the units of the columns.
    #[error(
        "line {line} has text where the lines below have numbers (column {column:?}: {cell:?}, then {number:?}): \
         it looks like a second header line or a row of units"
    )]
    SecondHeader {
        line: u64,
        /// The last line, if cells contain line breaks or there are several rows.
        last_line: u64,
        column: String,
        cell: String,
        number: String,
        /// The missing-value codes in effect and the cells of these rows; empty if those are too many or too long.
        codes: Box<[String]>,
        /// Whether the user stated that the file has no header.
        header_absent: bool,
    },
    /// A header of one name above numbers with commas.
    #[error("line {line}: {cell:?} contains a comma, but the header has one name, {column:?}")]
    CommaNumbers { line: u64, column: String, cell: String, interpretations: Vec<Interpretation> },
    /// A comma may be a decimal comma or the delimiter; `header` is the header line, if there is one, and `cell` a row.
    #[error(
        "line {line}: {cell:?} may be one number with a comma, or two cells{}",
        header.as_ref().map(|header| format!(" under the names {header:?}")).unwrap_or_default()
    )]
    AmbiguousComma { line: u64, header: Option<String>, cell: String, interpretations: Vec<Interpretation> },
    /// A point before three digits may be a thousands separator, because `other` is a number (with its line) in which a
    /// decimal point alone is not enough.
    #[error(
        "line {line}, field {field}: the point in {cell:?} may be a decimal point or a thousands separator, \
         since line {} has the number {:?}", other.0, other.1
    )]
    AmbiguousPoint { line: u64, field: usize, cell: String, interpretations: Vec<Interpretation>, other: (u64, String) },
    /// Two columns have the same name; `is_number`: the name is a number.
    #[error("line {line}: duplicate column name {name:?} in fields {first} and {second}")]
    DuplicateName { line: u64, name: String, first: usize, second: usize, is_number: bool },
    /// A row has the wrong number of fields.
    #[error("{}", .0.message())]
    Ragged(Box<RaggedRow>),
    /// A row is longer than [`super::limits::MAX_ROW_BYTES`].
    #[error("line {line}: row longer than {limit} bytes (unclosed quotation mark?)")]
    LongRow { line: u64, limit: usize },
    /// A quoted field is not closed before the end of the file.
    #[error("line {line}: the quoted field that starts here is never closed")]
    OpenQuote { line: u64 },
    /// Text follows the closing quotation mark of a field that starts in line `opened`; `delimiter` is the first
    /// character of that text, if it may be a delimiter.
    #[error("line {line}: text after the closing quotation mark of the field that starts in line {opened}")]
    TextAfterQuote { line: u64, opened: u64, delimiter: Option<char> },
    /// A column contains numbers and other text, and at least as many numbers.
    #[error("{}", .0.message())]
    Mixed(Box<MixedColumn>),
    /// A column's numbers are in a different format than the file's.
    #[error(
        "line {line}, column {column:?}: {cell:?} is a number in a different format than expected{}",
        non_numeric.addition()
    )]
    Notation {
        line: u64,
        column: String,
        cell: String,
        interpretations: Vec<Interpretation>,
        non_numeric: Box<NonNumericCells>,
    },
    /// A number cannot be represented exactly.
    #[error("line {line}, column {column:?}: {cell:?} {reason}")]
    Number { line: u64, column: String, cell: String, reason: ParseDecimalError },
    /// A column's values cannot be added exactly: `cell` is too large for the precision that `fine` needs.
    #[error(
        "line {line}, column {column:?}: {cell} needs more than {MAX_RANGE_BITS} bits at the precision of {fine} \
         (line {fine_line})"
    )]
    TooWide { line: u64, column: String, cell: String, fine_line: u64, fine: String },
    /// A selected column does not exist.
    #[error("there is no column {name:?}; the columns are {}", short_list(names))]
    NoSuchColumn { name: String, names: Vec<String> },
    /// A selected column contains no number.
    #[error("the selected column {name:?} contains no numbers")]
    NotNumeric { name: String },
    /// The file has one column of text: the delimiter may be a different one. `cell` is the first cell.
    #[error("the file has only one column, {name:?}, and it contains no numbers (first cell {cell:?})")]
    OneColumn { name: String, cell: String, interpretations: Vec<Interpretation>, hint: Option<DelimiterHint> },
    /// An error [about lines](TableError::is_about_lines) of a file that does not consist of UTF-8 lines ending with
    /// LF.
    #[error("{error}")]
    NeedsConversion { error: Box<TableError>, conversion: LineConversion },
    /// There is no column to compute on.
    #[error("no column contains numbers")]
    NoNumbers,
    /// The second pass read different data than the first one.
    #[error("the file changed while it was read{}", line.map(|line| format!(" (line {line})")).unwrap_or_default())]
    Changed { line: Option<u64> },
    /// The user cancelled the command.
    #[error(transparent)]
    Cancelled(#[from] crate::foundation::observer::Cancelled),
}

impl TableError {
    /// Whether lines of the file must be edited or removed, because no option for reading it helps.
    pub fn is_about_lines(&self) -> bool {
        match self {
            Self::ExtraField { .. } | Self::RowName { .. } | Self::SecondHeader { .. } => true,
            Self::RareDelimiter { found: hint, .. } | Self::OneColumn { hint: Some(hint), .. } => {
                matches!(hint, DelimiterHint::Spaces | DelimiterHint::QuotedLines(_))
            }
            Self::Ragged(row) => {
                matches!(row.cause, RaggedCause::QuotedLine | RaggedCause::Remark { comment: None })
            }
            Self::Mixed(column) => column.header_footer.is_some() && !column.has_other_format,
            Self::NeedsConversion { error, .. } => error.is_about_lines(),
            _ => false,
        }
    }
}
