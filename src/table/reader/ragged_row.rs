//! Describes rows with the wrong number of fields, and the likely cause.

use super::TableReader;
use crate::table::detection::row_layout::RowLayout;
use crate::table::dialect::{COMMENT_CHARACTERS, HeaderRow};
use crate::table::display::excerpt;
use crate::table::error_details::{ExpectedWidth, RaggedCause, RaggedRow};
use crate::table::numbers::format_set::{FormatSet, Interpretation, interpretations};
use crate::table::numbers::number_format::trim;

impl TableReader<'_> {
    /// Describes the current row, which is not complete.
    pub(super) fn ragged_row(&self) -> RaggedRow {
        let by_header = self.dialect().header != HeaderRow::Absent && self.layout() != RowLayout::RowNames;
        RaggedRow {
            line: self.line(),
            last_line: self.line() + self.breaks_inside(),
            expected: self.width(),
            expected_by: if by_header { ExpectedWidth::Header } else { ExpectedWidth::FirstRow },
            found: self.record().len(),
            cell: excerpt(self.first_field()),
            delimiter: char::from(self.delimiter()),
            cause: self.cause(),
        }
    }

    fn cause(&self) -> RaggedCause {
        let (found, expected, first) = (self.record().len(), self.width(), self.first_field());
        // One such line among others is a remark.
        if self.is_first_row() && found == 1 && first.contains(&self.delimiter()) {
            return RaggedCause::QuotedLine;
        }
        let numbers = self.as_one_number();
        if !numbers.is_empty() {
            return RaggedCause::OneNumber(numbers);
        }
        if found == 1 && self.header().has_space_after_delimiter {
            return RaggedCause::DelimiterInName;
        }
        if found == 1 && expected > 1 && self.dialect().number_format().parse(first).is_err() {
            return RaggedCause::Remark { comment: self.comment_character().map(char::from) };
        }
        if found < expected { RaggedCause::Short } else { RaggedCause::Long }
    }

    /// The comment character that the current row starts with, if neither the header nor an earlier row does.
    fn comment_character(&self) -> Option<u8> {
        let starts_with = |text: &[u8], character: u8| text.first() == Some(&character);
        let header = self.header().names.first();
        let is_unused = |character: &u8| {
            self.dialect().comment.is_none()
                && !header.is_some_and(|name| starts_with(name.as_bytes(), *character))
                && !self.has_row_starting_with(*character)
        };
        COMMENT_CHARACTERS.into_iter().filter(is_unused).find(|character| starts_with(self.first_field(), *character))
    }

    /// How the current row can be read as one number with commas, under the only name in the header.
    fn as_one_number(&self) -> Vec<Interpretation> {
        if self.width() > 1 || self.delimiter() != b',' || self.is_delimiter_given() {
            return Vec::new();
        }
        let text = self.record().iter().collect::<Vec<_>>().join(&self.delimiter());
        interpretations(&String::from_utf8_lossy(&text), FormatSet::of(&text), self.dialect().number_format())
    }

    fn first_field(&self) -> &[u8] {
        trim(self.record().get(0).unwrap_or_default())
    }
}
