//! The decimal mark, found out from the numbers of the first records.

use super::dialect::{Dialect, HeaderRow};
use super::error::{TableError, shown};
use super::missing::MissingCodes;
use super::notation::{self, Forms};
use super::number::NumberFormat;
use super::preview::Record;

/// A number that shows that the file's numbers have decimal commas, if that is not said and cannot be otherwise.
///
/// # Errors
/// [`TableError::PointOrThousands`] if points may be anything because of the commas in other columns.
pub(super) fn comma_example(
    records: &[Record],
    delimiter: u8,
    dialect: &Dialect,
) -> Result<Option<String>, TableError> {
    if dialect.decimal_mark.is_some() || dialect.thousands.is_some() {
        return Ok(None);
    }
    let header = usize::from(dialect.header != HeaderRow::Absent);
    let rows = records.get(header..).unwrap_or_default();
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let mut columns: Vec<CommaEvidence> = Vec::new();
    let mut point = None;
    for row in rows {
        columns.resize_with(columns.len().max(row.fields.len()), CommaEvidence::default);
        for (position, (column, cell)) in columns.iter_mut().zip(&row.fields).enumerate() {
            if codes.has_text(cell) {
                continue;
            }
            match Point::of(cell) {
                Point::Decimal => return Ok(None),
                Point::Unclear if point.is_none() => point = Some((row.line, position + 1, cell)),
                _ => {}
            }
            column.add(row.line, cell);
        }
    }
    let commas: Vec<&CommaEvidence> = columns.iter().filter(|column| column.has_commas()).collect();
    let clear = commas.iter().any(|column| column.is_clear()) && !commas.iter().any(|column| column.is_doubtful());
    // In another column, commas may stand between thousands.
    if delimiter != b',' && clear && !columns.iter().any(CommaEvidence::may_be_thousands) {
        return Ok(commas.first().and_then(|column| column.example.clone()).map(|(_, cell)| cell));
    }
    match (point, columns.into_iter().find_map(CommaEvidence::into_number)) {
        (Some((line, field, cell)), Some(comma)) => {
            let cell = shown(cell);
            let readings = notation::readings(&cell, Forms::of(cell.as_bytes()), b',');
            Err(TableError::PointOrThousands { line, field, cell, readings, comma })
        }
        _ => Ok(None),
    }
}

/// Whether these numbers have commas that can be nothing but decimal commas.
pub(super) fn are_decimal_commas<'c>(cells: impl Iterator<Item = &'c [u8]>) -> bool {
    let mut evidence = CommaEvidence::default();
    cells.for_each(|cell| evidence.add(0, cell));
    evidence.is_clear()
}

/// What a point in a cell is.
enum Point {
    /// There is none, or not in a number.
    None,
    /// It cannot stand between thousands.
    Decimal,
    /// It stands before three digits.
    Unclear,
}

impl Point {
    fn of(cell: &[u8]) -> Self {
        let forms = if cell.contains(&b'.') { Forms::of(cell) } else { return Self::None };
        match (forms.is_empty(), forms.with_mark(b',').is_empty(), forms.with_mark(b'.').is_empty()) {
            (false, true, _) => Self::Decimal,
            (false, false, false) => Self::Unclear,
            _ => Self::None,
        }
    }
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
    /// Commas in what no list of two codes looks like ([`is_no_list`]).
    strong: usize,
    /// Digits behind the commas, shortest and longest.
    digits: Option<(usize, usize)>,
    /// The first number with a comma, and its line.
    example: Option<(u64, String)>,
}

impl CommaEvidence {
    fn add(&mut self, line: u64, cell: &[u8]) {
        self.cells += 1;
        let with_comma = cell.contains(&b',');
        let readable = NumberFormat::new(b',', None).parse(cell).is_ok();
        let number = readable || !Forms::of(cell).is_empty();
        self.numbers += usize::from(number);
        self.readable += usize::from(readable);
        if with_comma && number && self.example.is_none() {
            self.example = Some((line, shown(cell)));
        }
        if with_comma && readable {
            self.commas += 1;
            self.grouped += usize::from(NumberFormat::new(b'.', Some(',')).parse(cell).is_ok());
            self.strong += usize::from(is_no_list(cell));
            let digits = cell.iter().rev().take_while(|byte| **byte != b',').count();
            let (least, most) = self.digits.unwrap_or((digits, digits));
            self.digits = Some((least.min(digits), most.max(digits)));
        }
    }

    /// A number with a comma, if the column is one of numbers in whatever form.
    fn into_number(self) -> Option<(u64, String)> {
        self.example.filter(|_| 5 * self.numbers >= 4 * self.cells)
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
        self.has_commas() && (each || 2 * self.strong >= self.commas)
    }

    /// Whether all of them stand before exactly three digits.
    fn may_be_thousands(&self) -> bool {
        self.commas > 0 && self.commas == self.grouped
    }

    /// Whether they may be lists of codes: single ones, and several in order.
    fn is_doubtful(&self) -> bool {
        self.has_commas() && !self.is_clear() && self.commas < self.readable
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
