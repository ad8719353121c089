//! Detects the decimal separator from the numbers in the first records.

use std::net::Ipv4Addr;

use super::preview::Record;
use crate::table::dialect::{Dialect, HeaderRow};
use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::numbers::format_set::{self, FormatSet};
use crate::table::numbers::missing_codes::MissingCodes;
use crate::table::numbers::number_format::NumberFormat;

/// Returns a number that proves that the file's numbers have decimal commas, unless the user chose the decimal
/// separator.
///
/// # Errors
/// [`TableError::AmbiguousPoint`] if points may be decimal points or thousands separators.
pub(super) fn comma_example(
    records: &[Record],
    delimiter: u8,
    dialect: &Dialect,
) -> Result<Option<String>, TableError> {
    if dialect.decimal_separator.is_some() || dialect.thousands.is_some_and(|separator| ".,".contains(separator)) {
        return Ok(None);
    }
    let header = usize::from(dialect.header != HeaderRow::Absent);
    let columns = evidence_by_column(records.get(header..).unwrap_or_default(), dialect);
    let commas = || columns.iter().map(|(commas, _)| commas);
    let is_clear = commas().any(CommaEvidence::is_clear);
    // In another column, commas may be thousands separators.
    let is_certain = commas().any(|column| column.is_clear() && column.certain > 0);
    let are_thousands =
        |column: &CommaEvidence| column.may_be_thousands() && !(is_certain && column.commas == column.cells);
    let has_points = columns.iter().any(|(_, points)| points.is_certain);
    if is_clear && delimiter != b',' && !has_points && !commas().any(are_thousands) {
        return Ok(commas().find(|column| column.is_clear()).and_then(|column| column.example.clone()));
    }
    let fields = columns.iter().enumerate().map(|(position, (commas, points))| FieldEvidence {
        number: position + 1,
        points,
        numbers: commas.numbers as u64,
        cells: commas.cells as u64,
    });
    let fields: Vec<FieldEvidence<'_>> = fields.collect();
    reject_ambiguous_point(&fields, delimiter, is_clear, dialect).map(|()| None)
}

fn evidence_by_column(rows: &[Record], dialect: &Dialect) -> Vec<(CommaEvidence, PointEvidence)> {
    let codes = MissingCodes::new(&dialect.missing, dialect.number_format());
    let mut columns: Vec<(CommaEvidence, PointEvidence)> = Vec::new();
    for row in rows {
        columns.resize_with(columns.len().max(row.fields.len()), Default::default);
        for ((commas, points), cell) in columns.iter_mut().zip(&row.fields) {
            if !codes.is_blank_or_code(cell) {
                let formats = if has_separator(cell) { FormatSet::of(cell) } else { FormatSet::NONE };
                commas.add(cell, !formats.is_empty(), dialect.thousands);
                points.add(row.line, cell, formats);
            }
        }
    }
    columns
}

fn has_separator(cell: &[u8]) -> bool {
    cell.iter().any(|byte| b".,".contains(byte))
}

/// What the points and commas in the numbers of a column can be.
#[derive(Debug, Default)]
pub(in crate::table) struct PointEvidence {
    /// Whether a point can only be a decimal point, and is not part of a date.
    pub(in crate::table) is_certain: bool,
    /// The line and text of the first number in which a point may be a decimal point or a thousands separator.
    ambiguous: Option<(u64, String)>,
    /// The same of the first number in which a point can only be a thousands separator.
    thousands: Option<(u64, String)>,
    /// The same of the first number with a comma.
    comma: Option<(u64, String)>,
    /// Whether a number with a comma is too long for a list of two one-digit codes.
    has_long_comma: bool,
}

impl PointEvidence {
    /// Adds a cell in `line` that is a number in these formats.
    pub(in crate::table) fn add(&mut self, line: u64, cell: &[u8], formats: FormatSet) {
        let by_point = !formats.with_decimal(b'.').is_empty();
        let by_comma = !formats.with_decimal(b',').is_empty();
        let first = |found: &mut Option<(u64, String)>| {
            found.get_or_insert_with(|| (line, excerpt(cell)));
        };
        match (cell.contains(&b'.'), cell.contains(&b','), by_point, by_comma) {
            (true, _, false, true) if !is_address(cell) => first(&mut self.thousands),
            (true, false, true, true) => first(&mut self.ambiguous),
            (true, _, true, false) => {
                self.is_certain |= cell.contains(&b',') || is_certain(cell, b'.') && !is_day_and_month(cell);
            }
            (false, true, _, true) | (false, true, true, false) => {
                first(&mut self.comma);
                self.has_long_comma |= !by_point && cell.len() > 3;
            }
            _ => {}
        }
    }
}

/// The evidence in one field of all rows.
pub(in crate::table) struct FieldEvidence<'c> {
    /// The field's number, from 1.
    pub(in crate::table) number: usize,
    pub(in crate::table) points: &'c PointEvidence,
    /// The number of cells that are numbers in any format.
    pub(in crate::table) numbers: u64,
    /// The number of cells that are not missing.
    pub(in crate::table) cells: u64,
}

/// Rejects a point before three digits if another number is not written with a decimal point. `is_clear` is true if
/// the commas of a column can only be decimal commas.
///
/// # Errors
/// [`TableError::AmbiguousPoint`] for the first such point.
pub(in crate::table) fn reject_ambiguous_point(
    fields: &[FieldEvidence<'_>],
    delimiter: u8,
    is_clear: bool,
    dialect: &Dialect,
) -> Result<(), TableError> {
    let is_given = dialect.decimal_separator.is_some() || dialect.thousands.is_some();
    let ambiguous = fields.iter().find_map(|field| field.points.ambiguous.clone().map(|found| (field.number, found)));
    let (Some((field, (line, cell))), false) = (ambiguous, is_given) else { return Ok(()) };
    // The fifths of a column's cells that must be numbers. In a file delimited by commas, quoted cells with commas may
    // be lists of codes and remarks.
    let share = if delimiter == b',' { 4 } else { 1 };
    let numeric = || fields.iter().filter(|field| 5 * field.numbers >= share * field.cells).map(|field| field.points);
    let any = |is: fn(&PointEvidence) -> bool| fields.iter().any(|field| is(field.points));
    let thousands = numeric().find_map(|points| points.thousands.clone());
    let may_be_commas = is_clear || !any(|points| points.is_certain);
    let mut commas = numeric().filter(|points| may_be_commas && (delimiter != b',' || points.has_long_comma));
    let Some(other) = thousands.or_else(|| commas.find_map(|points| points.comma.clone())) else {
        return Ok(());
    };
    let decimal_comma = NumberFormat::new(b',', None);
    let interpretations = format_set::interpretations(&cell, FormatSet::of(cell.as_bytes()), decimal_comma);
    Err(TableError::AmbiguousPoint { line, field, cell, interpretations, other })
}

/// Whether the separator in a number can only be a decimal separator: the number is neither a list of two codes nor a
/// group of three digits.
fn is_certain(cell: &[u8], separator: u8) -> bool {
    let text = String::from_utf8_lossy(cell);
    let Some((whole, fraction)) = text.split_once(char::from(separator)) else { return false };
    let digits = whole.trim_start_matches(|c: char| !c.is_ascii_digit());
    let is_group = fraction.len() == 3 && digits.len() <= 3 && !digits.starts_with('0');
    let has_sign = digits.len() < whole.len();
    let is_long = digits.len() > 2 || fraction.len() > 3 || digits == "0" && fraction.len() > 1;
    !is_group && (has_sign || is_long || fraction.starts_with('0'))
}

/// Whether a number with several points is an IPv4 address.
fn is_address(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok())
}

/// Whether a number may be a day and a month, as in `24.12`.
fn is_day_and_month(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let parts = text.split_once('.').map(|(day, month)| (day.parse::<u8>(), month.parse::<u8>(), month.len()));
    matches!(parts, Some((Ok(1..=31), Ok(1..=12), 2)))
}

/// Whether the commas in these numbers can only be decimal commas.
pub(super) fn are_decimal_commas<'c>(cells: impl Iterator<Item = &'c [u8]>) -> bool {
    let mut evidence = CommaEvidence::default();
    cells.for_each(|cell| evidence.add(cell, true, None));
    evidence.is_clear()
}

/// Whether the cells of a column are numbers with decimal commas, and not lists of codes (`1,2`) or groups of
/// thousands.
#[derive(Debug, Default)]
struct CommaEvidence {
    cells: usize,
    /// Cells that are numbers in any format.
    numbers: usize,
    /// Cells that are numbers with a decimal comma.
    readable: usize,
    /// Of `readable`: cells that contain a comma.
    commas: usize,
    /// Of `commas`: cells in which the comma may be a thousands separator.
    grouped: usize,
    /// Of `commas`: cells that are unlikely to be a list of two codes ([`is_unlikely_list`]).
    strong: usize,
    /// Of `commas`: cells that can only have a decimal comma ([`is_certain`]).
    certain: usize,
    /// The smallest and the largest number of digits after the comma.
    digits: Option<(usize, usize)>,
    /// The first number with a comma.
    example: Option<String>,
}

impl CommaEvidence {
    fn add(&mut self, cell: &[u8], is_number: bool, thousands: Option<char>) {
        self.cells += 1;
        let has_comma = cell.contains(&b',');
        let readable = NumberFormat::new(b',', thousands).parse(cell).is_ok();
        self.readable += usize::from(readable);
        self.numbers += usize::from(readable || is_number);
        if has_comma && readable {
            self.example.get_or_insert_with(|| excerpt(cell));
            self.commas += 1;
            self.grouped += usize::from(NumberFormat::new(b'.', Some(',')).parse(cell).is_ok());
            self.strong += usize::from(is_unlikely_list(cell));
            self.certain += usize::from(is_certain(cell, b','));
            let digits = cell.iter().rev().take_while(|byte| **byte != b',').count();
            let (least, most) = self.digits.unwrap_or((digits, digits));
            self.digits = Some((least.min(digits), most.max(digits)));
        }
    }

    /// Whether the column contains numbers with commas that are not thousands separators.
    fn has_commas(&self) -> bool {
        // One cell in five may be a word or a limit of detection such as `<0,5`.
        self.commas > 0 && self.commas > self.grouped && 5 * self.readable >= 4 * self.cells
    }

    /// Whether the commas can only be decimal commas.
    fn is_clear(&self) -> bool {
        let fixed = self.digits.is_some_and(|(least, most)| least == most && least > 1);
        let each = self.commas == self.readable && (fixed || self.strong > 0);
        self.has_commas() && (each || 2 * self.strong >= self.commas || self.certain > 0)
    }

    /// Whether all commas may be thousands separators.
    fn may_be_thousands(&self) -> bool {
        self.commas > 0 && self.commas == self.grouped
    }
}

/// Whether a number with a comma does not look like two codes: a part starts with a sign or 0, or it is longer than
/// `3,2` and not in ascending order as `10,11`.
fn is_unlikely_list(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let Some((whole, fraction)) = text.split_once(',') else { return false };
    let digits = |text: &str| text.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let (signed, whole) = (digits(whole) != whole, digits(whole));
    match (whole.parse::<u32>(), fraction.parse::<u32>()) {
        _ if signed || whole.starts_with('0') || fraction.starts_with('0') => true,
        (Ok(first), Ok(second)) => first >= second && whole.len() + fraction.len() > 2,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_are_distinguished_from_codes_and_thousands() {
        let clear = |cells: &[&str]| are_decimal_commas(cells.iter().map(|cell| cell.as_bytes()));
        for cells in [&["13,2", "11,9"][..], &["13,2", "14", "11,9"], &["7,35", "7,41"], &["-1,5", "2"], &["0,12", "1"]]
        {
            assert!(clear(cells), "{cells:?}");
        }
        for cells in [
            &["1,234", "12,000"][..],
            &["1", "1,2", "3"],
            &["1,2", "2,3"],
            &["1,2", "1,2,3", "4"],
            &["x", "y,z", "1,5"],
            &["1"],
        ] {
            assert!(!clear(cells), "{cells:?}");
        }
    }
}
