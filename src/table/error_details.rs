//! Facts that some [`TableError`](super::TableError)s carry: about a row, a column or a likely delimiter.

use super::display::{plural, quoted_list, short_quoted_list};
use super::numbers::format_set::Interpretation;

/// A row with more or fewer fields than expected.
#[derive(Debug)]
pub struct RaggedRow {
    /// The row's first line, from 1.
    pub line: u64,
    /// The row's last line: a later one if quoted fields contain line breaks.
    pub last_line: u64,
    /// The number of fields that a complete row has.
    pub expected: usize,
    /// What [`expected`](Self::expected) follows from.
    pub expected_by: ExpectedWidth,
    /// The number of fields in this row.
    pub found: usize,
    /// The row's first cell.
    pub cell: String,
    /// The delimiter that the file is read with.
    pub delimiter: char,
    /// The likely cause.
    pub cause: RaggedCause,
}

/// What determines the number of fields in a complete row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedWidth {
    /// The names in the header.
    Header,
    /// The fields of the first row, in a file without a header, or with row names that the header does not name.
    FirstRow,
}

/// Why a row may have the wrong number of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RaggedCause {
    /// The whole line is one quoted field with delimiters in it.
    QuotedLine,
    /// The row is one number with a comma in it, and the header has one name.
    OneNumber(Vec<Interpretation>),
    /// The header is one name with the delimiter in it, such as `Hb, g/dl`, and the row is one field.
    DelimiterInName,
    /// The row is one field of text: a remark, or a comment if it starts with a comment character that no row starts
    /// with.
    Remark {
        /// That comment character.
        comment: Option<char>,
    },
    /// The row lacks fields at its end.
    Short,
    /// The row has too many fields.
    Long,
}

impl RaggedRow {
    /// The complete message.
    pub(super) fn message(&self) -> String {
        let Self { line, found, expected, cell, .. } = self;
        let by = match self.expected_by {
            ExpectedWidth::Header => "the header has",
            ExpectedWidth::FirstRow => "the first row has",
        };
        let fields = plural(*found, "field", "fields");
        format!("line {line}: {found} {fields}, but {by} {expected} (first cell {cell:?})")
    }
}

/// A column of numbers with some cells that are not numbers.
#[derive(Debug)]
pub struct MixedColumn {
    /// The line of the first cell that is not a number, from 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// The first cell that is not a number.
    pub cell: String,
    /// The number of cells that are not numbers.
    pub texts: u64,
    /// The line of the first number, from 1.
    pub number_line: u64,
    /// The first number, as written.
    pub number: String,
    /// The number of cells that are numbers.
    pub numbers: u64,
    /// The distinct cells that are not numbers, complete and as written; `None` if there are too many or they are too
    /// long.
    pub distinct: Option<Vec<String>>,
    /// Whether one of them is a number in a different format.
    pub has_other_format: bool,
    /// The lines of these cells, if none is between numbers.
    pub header_footer: Option<HeaderFooter>,
    /// The missing-value codes in effect.
    pub codes: Vec<String>,
    /// Other columns with the same problem.
    pub others: Vec<String>,
}

impl MixedColumn {
    /// The complete message.
    pub(super) fn message(&self) -> String {
        let Self { line, column, cell, number_line, number, texts, numbers, others, .. } = self;
        let counts = match texts {
            1 => String::new(),
            _ => format!(" ({texts} of {} cells are not numbers)", texts + numbers),
        };
        format!(
            "line {line}, column {column:?}: {cell:?} is not a number, but line {number_line} has {number:?}{counts}{}",
            also_in(others)
        )
    }
}

/// The lines of text cells above the first number and below the last number of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderFooter {
    /// The first and the last line above the numbers, if there are any.
    pub header: Option<(u64, u64)>,
    /// The first line below the numbers, if there is one.
    pub footer: Option<u64>,
}

impl HeaderFooter {
    /// Whether it is a single line above the numbers.
    pub fn is_one_line(&self) -> bool {
        self.footer.is_none() && self.header.is_some_and(|(first, last)| first == last)
    }
}

/// The cells that are not numbers in any format, in a column of numbers in a different format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonNumericCells {
    /// How many there are.
    pub count: u64,
    /// The distinct ones, complete and as written; `None` if there are too many or they are too long.
    pub cells: Option<Vec<String>>,
    /// The missing-value codes in effect.
    pub codes: Vec<String>,
    /// Other columns whose numbers are in a different format, too.
    pub others: Vec<String>,
}

impl NonNumericCells {
    /// The part of a message about these cells and columns; empty if there are none.
    pub(super) fn addition(&self) -> String {
        let cells = match (&self.cells, self.count) {
            (_, 0) => String::new(),
            (Some(cells), 1) => format!("; 1 cell is not a number: {}", quoted_list(cells)),
            (Some(cells), count) => format!("; {count} cells are not numbers: {}", quoted_list(cells)),
            (None, count) => format!("; {count} cells are not numbers"),
        };
        cells + &also_in(&self.others)
    }
}

fn also_in(columns: &[String]) -> String {
    match columns {
        [] => String::new(),
        columns => format!("; same problem in {}", short_quoted_list(columns)),
    }
}

/// What may separate the cells of a table that seems to have one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelimiterHint {
    /// Another delimiter.
    Delimiter(char),
    /// Several spaces, as in columns that are aligned for reading.
    Spaces,
    /// This delimiter, but each line as a whole is one quoted field.
    QuotedLines(char),
}

impl std::fmt::Display for DelimiterHint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delimiter(' ') | Self::Spaces => write!(f, "spaces"),
            Self::Delimiter(delimiter) | Self::QuotedLines(delimiter) => write!(f, "{delimiter:?}"),
        }
    }
}
