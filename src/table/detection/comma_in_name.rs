//! Whether a comma in a header separates two names or is part of one, as in `Hb, g/dl`.

use super::preview::Record;
use crate::table::numbers::format_set::FormatSet;

/// Units of measurement that often follow a comma in a name and are unlikely to be names of columns themselves.
const UNITS: [&str; 16] =
    ["mg", "kg", "ng", "µg", "cm", "mm", "km", "ml", "dl", "mmol", "mmhg", "kpa", "bpm", "°c", "%", "g/l"];

/// Whether the header looks like one name with `delimiter` in it, above one number in each row.
pub(super) fn is_one_name(records: &[Record], delimiter: u8) -> bool {
    let Some((header, rows)) = records.split_first() else { return false };
    let is_number =
        |row: &Record| !row.has_space_after_delimiter && !FormatSet::of(&row.fields.join(&delimiter)).is_empty();
    may_be_one_name(header, rows) && rows.iter().all(is_number)
}

/// Whether the comma in the header is followed by a unit, or by a space where the rows are not numbered.
pub(super) fn may_be_one_name(header: &Record, rows: &[Record]) -> bool {
    header.fields.last().is_some_and(|name| is_unit(name)) || header.has_space_after_delimiter && !are_numbered(rows)
}

/// Whether `name` is one of [`UNITS`], or a quotient of two short words such as `mmol/l`.
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
