//! Whether a comma in a header separates two names or is part of one, as in `Hb, g/dl`.

use super::preview::Record;
use crate::table::numbers::format_set::FormatSet;

/// Units of measurement that follow a comma in a name but are hardly names of columns. So is every unit with a slash.
const UNITS: [&str; 16] =
    ["mg", "kg", "ng", "µg", "cm", "mm", "km", "ml", "dl", "mmol", "mmhg", "kpa", "bpm", "°c", "%", "g/l"];

/// Whether the header looks like one name with `delimiter` in it, above one number in each row.
pub(super) fn is_one_name(records: &[Record], delimiter: u8) -> bool {
    let Some((header, rows)) = records.split_first() else { return false };
    let is_number = |row: &Record| !row.spaced && !FormatSet::of(&row.fields.join(&delimiter)).is_empty();
    may_be_one_name(header, rows) && rows.iter().all(is_number)
}

/// Whether the comma in the header is followed by a unit, or by a space where the rows are not numbered.
pub(super) fn may_be_one_name(header: &Record, rows: &[Record]) -> bool {
    header.fields.last().is_some_and(|name| is_unit(name)) || header.spaced && !are_numbered(rows)
}

fn is_unit(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_lowercase();
    let parts = name.split('/').filter(|part| part.chars().any(char::is_alphabetic) && part.chars().count() < 6);
    UNITS.contains(&name.as_str()) || name.matches('/').count() == 1 && parts.count() == 2
}

/// Whether the rows' first cells are 1, 2, 3 and so on.
pub(super) fn are_numbered(rows: &[Record]) -> bool {
    let is_number = |(row, number): (&Record, usize)| {
        row.fields.first().is_some_and(|cell| cell.as_slice() == number.to_string().as_bytes())
    };
    rows.iter().zip(1..).all(is_number)
}
