//! How a CSV file is written: delimiter, numbers, header, missing values, lines that are no rows.

use serde::{Deserialize, Serialize};

use super::missing::USUAL;
use super::number::NumberFormat;
use super::row_guard::RowSyntax;

/// What lines begin with that are remarks more often than rows.
pub(super) const COMMENT_MARKS: [u8; 4] = *b"#%!*";

/// Whether the first row holds the columns' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HeaderRow {
    /// It does; if all its cells are numbers, it seems not to, and that is an error.
    #[default]
    Expected,
    /// It does, whatever it looks like.
    Present,
    /// It does not: the columns are called `column1`, `column2`, …
    Absent,
}

/// How to read a CSV file. `Default` is what [`crate::table`] documents; every part can be overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The byte between cells; `None`: found out from the first rows.
    pub delimiter: Option<u8>,
    /// The mark before the fraction, `.` or `,`; `None`: found out from the first rows.
    pub decimal_mark: Option<u8>,
    /// What separates groups of three digits. A space stands for all spaces within numbers, `'` for U+2019, too.
    pub thousands: Option<char>,
    /// Whether the first row names the columns.
    pub header: HeaderRow,
    /// Cells that mean "no value", without regard to ASCII case, numbers by their value; blank cells always do.
    pub missing: Vec<String>,
    /// How many lines at the beginning of the file are skipped.
    pub skip_lines: u64,
    /// Lines that begin with this byte are skipped.
    pub comment: Option<u8>,
    /// Whether rows that are shorter than the header end with missing values.
    pub fill_short_rows: bool,
    /// Whether quotation marks mean something.
    pub quotes: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: None,
            decimal_mark: None,
            thousands: None,
            header: HeaderRow::default(),
            missing: USUAL.map(str::to_owned).to_vec(),
            skip_lines: 0,
            comment: None,
            fill_short_rows: false,
            quotes: true,
        }
    }
}

impl Dialect {
    /// The form of the numbers, as far as it is known.
    pub(super) fn numbers(&self) -> NumberFormat {
        // Points between thousands leave the comma for the fraction.
        let usual = if self.thousands == Some('.') { b',' } else { b'.' };
        NumberFormat::new(self.decimal_mark.unwrap_or(usual), self.thousands)
    }

    pub(super) fn rows(&self, delimiter: u8) -> RowSyntax {
        RowSyntax { delimiter, quotes: self.quotes, comment: self.comment }
    }
}
