//! Names of rows that the header has no name for: most often numbers, and then a word among them is a total or a remark.

use super::error::{TableError, shown};
use super::reader::TableReader;

/// The names so far.
#[derive(Default)]
pub(super) struct RowNames {
    numbers: u64,
    texts: u64,
    first_number: Option<(u64, String)>,
    first_text: Option<(u64, String)>,
}

impl RowNames {
    /// Takes the current row of `reader` into account.
    pub(super) fn take(&mut self, reader: &TableReader<'_>) {
        let Some(name) = reader.row_name().filter(|name| !name.is_empty()) else { return };
        // R makes 5.1 of a second 5.
        let (count, first) = if name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            (&mut self.numbers, &mut self.first_number)
        } else {
            (&mut self.texts, &mut self.first_text)
        };
        *count += 1;
        first.get_or_insert_with(|| (reader.line(), shown(name)));
    }

    /// If most are numbers, and some are not.
    ///
    /// # Errors
    /// [`TableError::RowName`].
    pub(super) fn refuse_odd_one(self) -> Result<(), TableError> {
        match (self.first_text, self.first_number) {
            (Some((line, cell)), Some((number_line, number))) if self.numbers > self.texts => {
                Err(TableError::RowName { line, cell, number_line, number })
            }
            _ => Ok(()),
        }
    }
}
