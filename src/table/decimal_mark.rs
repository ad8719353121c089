//! The decimal mark, found out from the numbers of the first records.

use std::net::Ipv4Addr;

use super::dialect::{Dialect, HeaderRow};
use super::error::{TableError, shown};
use super::missing::MissingCodes;
use super::notation::{self, Forms};
use super::number::NumberFormat;
use super::preview::Record;

/// A number that shows that the file's numbers have decimal commas, if that is not said and cannot be otherwise.
///
/// # Errors
/// [`TableError::PointOrThousands`] if points may be anything because of other numbers.
pub(super) fn comma_example(
    records: &[Record],
    delimiter: u8,
    dialect: &Dialect,
) -> Result<Option<String>, TableError> {
    if dialect.decimal_mark.is_some() || dialect.thousands.is_some_and(|separator| ".,".contains(separator)) {
        return Ok(None);
    }
    let header = usize::from(dialect.header != HeaderRow::Absent);
    let rows = records.get(header..).unwrap_or_default();
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let mut columns: Vec<(CommaEvidence, PointEvidence)> = Vec::new();
    for row in rows {
        columns.resize_with(columns.len().max(row.fields.len()), Default::default);
        for ((commas, points), cell) in columns.iter_mut().zip(&row.fields) {
            if !codes.has_text(cell) {
                let forms = if has_mark(cell) { Forms::of(cell) } else { Forms::NONE };
                commas.add(cell, !forms.is_empty(), dialect.thousands);
                points.add(row.line, cell, forms);
            }
        }
    }
    let commas = || columns.iter().map(|(commas, _)| commas);
    let is_clear = commas().any(CommaEvidence::is_clear);
    // In another column, commas may stand between thousands.
    let is_certain = commas().any(|column| column.is_clear() && column.certain > 0);
    let are_thousands =
        |column: &CommaEvidence| column.may_be_thousands() && !(is_certain && column.commas == column.cells);
    let has_points = columns.iter().any(|(_, points)| points.is_certain);
    if is_clear && delimiter != b',' && !has_points && !commas().any(are_thousands) {
        return Ok(commas().find(|column| column.is_clear()).and_then(|column| column.example.clone()));
    }
    let fields = columns.iter().enumerate().map(|(position, (commas, points))| Field {
        number: position + 1,
        points,
        numbers: commas.numbers as u64,
        cells: commas.cells as u64,
    });
    let fields: Vec<Field<'_>> = fields.collect();
    refuse_doubt(&fields, delimiter, is_clear, dialect).map(|()| None)
}

fn has_mark(cell: &[u8]) -> bool {
    cell.iter().any(|byte| b".,".contains(byte))
}

/// The points and commas in the numbers of a column.
#[derive(Debug, Default)]
pub(super) struct PointEvidence {
    /// Whether a point can be nothing but a decimal point, and no date either.
    pub(super) is_certain: bool,
    /// The first number in which a point may be a decimal point or stand between thousands, and its line.
    unclear: Option<(u64, String)>,
    /// The first number in which a point can only stand between thousands.
    thousands: Option<(u64, String)>,
    /// The first number with a comma.
    comma: Option<(u64, String)>,
    /// Whether one of those is longer than two codes of one digit.
    has_long_comma: bool,
}

impl PointEvidence {
    /// Takes a cell in `line` into account that is a number by these forms.
    pub(super) fn add(&mut self, line: u64, cell: &[u8], forms: Forms) {
        let (by_point, by_comma) = (!forms.with_mark(b'.').is_empty(), !forms.with_mark(b',').is_empty());
        let first = |place: &mut Option<(u64, String)>| {
            place.get_or_insert_with(|| (line, shown(cell)));
        };
        match (cell.contains(&b'.'), cell.contains(&b','), by_point, by_comma) {
            (true, _, false, true) if !is_address(cell) => first(&mut self.thousands),
            (true, false, true, true) => first(&mut self.unclear),
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

/// A field of the rows.
pub(super) struct Field<'c> {
    /// From 1.
    pub(super) number: usize,
    pub(super) points: &'c PointEvidence,
    /// Cells that are numbers in whatever form.
    pub(super) numbers: u64,
    /// All of its cells that are not missing.
    pub(super) cells: u64,
}

/// Whether a point before three digits may be anything, because of other numbers; `is_clear`: commas are decimal commas.
///
/// # Errors
/// [`TableError::PointOrThousands`].
pub(super) fn refuse_doubt(
    fields: &[Field<'_>],
    delimiter: u8,
    is_clear: bool,
    dialect: &Dialect,
) -> Result<(), TableError> {
    let is_told = dialect.decimal_mark.is_some() || dialect.thousands.is_some();
    let unclear = fields.iter().find_map(|field| field.points.unclear.clone().map(|found| (field.number, found)));
    let (Some((field, (line, cell))), false) = (unclear, is_told) else { return Ok(()) };
    // Between commas, numbers with a comma stand in quotation marks, as lists of codes and remarks do.
    let share = if delimiter == b',' { 4 } else { 1 };
    let numeric = || fields.iter().filter(|field| 5 * field.numbers >= share * field.cells).map(|field| field.points);
    let any = |is: fn(&PointEvidence) -> bool| fields.iter().any(|field| is(field.points));
    let thousands = numeric().find_map(|points| points.thousands.clone());
    let is_open = is_clear || !any(|points| points.is_certain);
    let mut commas = numeric().filter(|points| is_open && (delimiter != b',' || points.has_long_comma));
    let Some(other) = thousands.or_else(|| commas.find_map(|points| points.comma.clone())) else {
        return Ok(());
    };
    let readings = notation::readings(&cell, Forms::of(cell.as_bytes()), NumberFormat::new(b',', None));
    Err(TableError::PointOrThousands { line, field, cell, readings, other })
}

/// Whether the mark in a number can be nothing but a decimal mark: no list of two codes and no group of three digits looks so.
fn is_certain(cell: &[u8], mark: u8) -> bool {
    let text = String::from_utf8_lossy(cell);
    let Some((whole, fraction)) = text.split_once(char::from(mark)) else { return false };
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

/// Whether these numbers have commas that can be nothing but decimal commas.
pub(super) fn are_decimal_commas<'c>(cells: impl Iterator<Item = &'c [u8]>) -> bool {
    let mut evidence = CommaEvidence::default();
    cells.for_each(|cell| evidence.add(cell, true, None));
    evidence.is_clear()
}

/// Whether cells of a column are numbers with a decimal comma; told from lists of codes (`1,2`) and from thousands.
#[derive(Debug, Default)]
struct CommaEvidence {
    cells: usize,
    /// Cells that are numbers in whatever form.
    numbers: usize,
    /// Cells that are numbers if the comma is the decimal mark.
    readable: usize,
    /// Those of them with a comma.
    commas: usize,
    /// Commas before exactly three digits, as thousands have them.
    grouped: usize,
    /// Commas in what hardly is a list of two codes ([`is_no_list`]).
    strong: usize,
    /// Those that can be nothing but decimal commas ([`is_certain`]).
    certain: usize,
    /// Digits behind the commas, shortest and longest.
    digits: Option<(usize, usize)>,
    /// The first number with a comma.
    example: Option<String>,
}

impl CommaEvidence {
    fn add(&mut self, cell: &[u8], is_number: bool, thousands: Option<char>) {
        self.cells += 1;
        let with_comma = cell.contains(&b',');
        let readable = NumberFormat::new(b',', thousands).parse(cell).is_ok();
        self.readable += usize::from(readable);
        self.numbers += usize::from(readable || is_number);
        if with_comma && readable {
            self.example.get_or_insert_with(|| shown(cell));
            self.commas += 1;
            self.grouped += usize::from(NumberFormat::new(b'.', Some(',')).parse(cell).is_ok());
            self.strong += usize::from(is_no_list(cell));
            self.certain += usize::from(is_certain(cell, b','));
            let digits = cell.iter().rev().take_while(|byte| **byte != b',').count();
            let (least, most) = self.digits.unwrap_or((digits, digits));
            self.digits = Some((least.min(digits), most.max(digits)));
        }
    }

    /// Whether commas that are no thousands separators stand in the column's numbers.
    fn has_commas(&self) -> bool {
        // One cell in five may be a word or a limit of detection.
        self.commas > 0 && self.commas > self.grouped && 5 * self.readable >= 4 * self.cells
    }

    /// Whether they can be nothing but decimal commas.
    fn is_clear(&self) -> bool {
        let fixed = self.digits.is_some_and(|(least, most)| least == most && least > 1);
        let each = self.commas == self.readable && (fixed || self.strong > 0);
        self.has_commas() && (each || 2 * self.strong >= self.commas || self.certain > 0)
    }

    /// Whether all of them stand before exactly three digits.
    fn may_be_thousands(&self) -> bool {
        self.commas > 0 && self.commas == self.grouped
    }
}

/// Whether a number with a comma does not look like two codes: it has a sign or a 0 in front of a part, or is longer than
/// `3,2` and not in order as `10,11` is.
fn is_no_list(cell: &[u8]) -> bool {
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
    fn decimal_commas_are_told_from_codes_and_thousands() {
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
