//! The dialect of a CSV file: delimiter, number format, header, missing values, lines to skip.

use serde::{Deserialize, Serialize};

use super::numbers::missing_codes::DEFAULT_CODES;
use super::numbers::number_format::NumberFormat;
use super::text::syntax_check::Syntax;

/// Characters at the start of lines that are comments more often than rows.
pub(super) const COMMENT_CHARACTERS: [u8; 4] = *b"#%!*";

/// Whether the first record is a header with the columns' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HeaderRow {
    /// It is a header. It is an error if it looks like data or a title.
    #[default]
    Expected,
    /// It is a header, even if it looks like data or a title.
    Present,
    /// There is no header. The columns are named `column1`, `column2`, …
    Absent,
}

/// How to read a CSV file. By default, every parameter that can be detected is detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The delimiter; `None` to detect it from the first records.
    pub delimiter: Option<u8>,
    /// The decimal separator, `.` or `,`; `None` to detect it from the first records.
    pub decimal_separator: Option<u8>,
    /// The separator of groups of three digits. A space also matches the other spaces used in numbers, `'` also U+2019.
    pub thousands: Option<char>,
    /// Whether the first record is a header.
    pub header: HeaderRow,
    /// Missing-value codes. Text is compared without regard to ASCII case, numbers are compared by value. Blank cells
    /// are always missing.
    pub missing: Vec<String>,
    /// The number of lines to skip at the beginning of the file.
    pub skip_lines: u64,
    /// The comment character: lines that start with it are skipped.
    pub comment: Option<u8>,
    /// Whether to fill rows that are shorter than the header with missing values.
    pub fill_short_rows: bool,
    /// Whether quotation marks enclose fields, as in RFC 4180; otherwise they are data.
    pub quotes: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: None,
            decimal_separator: None,
            thousands: None,
            header: HeaderRow::default(),
            missing: DEFAULT_CODES.map(str::to_owned).to_vec(),
            skip_lines: 0,
            comment: None,
            fill_short_rows: false,
            quotes: true,
        }
    }
}

impl Dialect {
    /// Returns a builder of readers that read records of any width.
    pub(super) fn csv_reader(&self, delimiter: u8) -> csv::ReaderBuilder {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(self.quotes).comment(self.comment);
        builder
    }

    /// The number format, with the default decimal separator if that is not known yet.
    pub(super) fn number_format(&self) -> NumberFormat {
        // If points separate thousands, the decimal separator is the comma.
        let default = if self.thousands == Some('.') { b',' } else { b'.' };
        NumberFormat::new(self.decimal_separator.unwrap_or(default), self.thousands)
    }

    /// The rules that the syntax check needs.
    pub(super) fn syntax(&self, delimiter: u8) -> Syntax {
        Syntax { delimiter, quotes: self.quotes, comment: self.comment }
    }
}
