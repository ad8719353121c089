//! Checks row names: if most of them are numbers, a text among them is a total or a remark.

use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::reader::TableReader;

/// Counts row names that are numbers and those that are text.
#[derive(Default)]
pub(super) struct RowNameScan {
    numbers: u64,
    texts: u64,
    first_number: Option<(u64, String)>,
    first_text: Option<(u64, String)>,
}

impl RowNameScan {
    /// Adds the current row of `reader`.
    pub(super) fn add(&mut self, reader: &TableReader<'_>) {
        let Some(name) = reader.row_name().filter(|name| !name.is_empty()) else { return };
        // R renames a second 5 to 5.1.
        let (count, first) = if name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            (&mut self.numbers, &mut self.first_number)
        } else {
            (&mut self.texts, &mut self.first_text)
        };
        *count += 1;
        first.get_or_insert_with(|| (reader.line(), excerpt(name)));
    }

    /// Rejects text among numbers.
    ///
    /// # Errors
    /// [`TableError::RowName`] if more row names are numbers than text, and some are text.
    pub(super) fn reject_text(self) -> Result<(), TableError> {
        match (self.first_text, self.first_number) {
            (Some((line, cell)), Some((number_line, number))) if self.numbers > self.texts => {
                Err(TableError::RowName { line, cell, number_line, number })
            }
            _ => Ok(()),
        }
    }
}
