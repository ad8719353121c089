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
    let mut columns: Vec<CommaEvidence> = Vec::new();
    let mut points = PointEvidence::new(dialect);
    for row in rows {
        columns.resize_with(columns.len().max(row.fields.len()), CommaEvidence::default);
        for (position, (column, cell)) in columns.iter_mut().zip(&row.fields).enumerate() {
            if !codes.has_text(cell) {
                points.add(row.line, position + 1, cell);
                column.add(cell, dialect.thousands);
            }
        }
    }
    let commas: Vec<&CommaEvidence> = columns.iter().filter(|column| column.has_commas()).collect();
    let clear = commas.iter().any(|column| column.is_clear()) && !commas.iter().any(|column| column.is_doubtful());
    // In another column, commas may stand between thousands.
    if !clear || columns.iter().any(CommaEvidence::may_be_thousands) {
        return if points.is_settled() { Ok(None) } else { points.refuse_doubt().map(|()| None) };
    }
    if points.has_decimal_point || delimiter == b',' {
        return points.refuse_doubt().map(|()| None);
    }
    Ok(commas.first().and_then(|column| column.example.clone()))
}

/// Points and commas in numbers, where nobody has said what they mean.
#[derive(Debug)]
pub(super) struct PointEvidence {
    is_told: bool,
    /// Whether a number has a point that cannot stand between thousands.
    has_decimal_point: bool,
    /// The first number in which a point may be a decimal point or stand between thousands: its line, field and cell.
    unclear: Option<(u64, usize, String)>,
    /// The first number with another decimal mark or separator, and its line.
    other: Option<(u64, String)>,
}

impl PointEvidence {
    /// None yet; `dialect` is what the user says.
    pub(super) fn new(dialect: &Dialect) -> Self {
        let is_told = dialect.decimal_mark.is_some() || dialect.thousands.is_some();
        Self { is_told, has_decimal_point: false, unclear: None, other: None }
    }

    /// Whether it is known what points mean.
    pub(super) fn is_settled(&self) -> bool {
        self.is_told || self.has_decimal_point
    }

    /// Takes a cell into account that stands in `line` and, from 1, in `field`.
    pub(super) fn add(&mut self, line: u64, field: usize, cell: &[u8]) {
        if !cell.iter().any(|byte| b".,".contains(byte)) {
            return;
        }
        let forms = Forms::of(cell);
        let (point, comma) = (!forms.with_mark(b'.').is_empty(), !forms.with_mark(b',').is_empty());
        if !cell.contains(&b',') && point && !comma {
            self.has_decimal_point = true;
        } else if !cell.contains(&b',') && point {
            self.unclear.get_or_insert_with(|| (line, field, shown(cell)));
        } else if comma {
            self.other.get_or_insert_with(|| (line, shown(cell)));
        }
    }

    /// If points may be anything.
    ///
    /// # Errors
    /// [`TableError::PointOrThousands`].
    pub(super) fn refuse_doubt(self) -> Result<(), TableError> {
        match (self.unclear, self.other) {
            (Some((line, field, cell)), Some(other)) if !self.is_told => {
                let readings = notation::readings(&cell, Forms::of(cell.as_bytes()), NumberFormat::new(b',', None));
                Err(TableError::PointOrThousands { line, field, cell, readings, other })
            }
            _ => Ok(()),
        }
    }
}

/// Whether these numbers have commas that can be nothing but decimal commas.
pub(super) fn are_decimal_commas<'c>(cells: impl Iterator<Item = &'c [u8]>) -> bool {
    let mut evidence = CommaEvidence::default();
    cells.for_each(|cell| evidence.add(cell, None));
    evidence.is_clear()
}

/// Whether cells of a column are numbers with a decimal comma; told from lists of codes (`1,2`) and from thousands.
#[derive(Debug, Default)]
struct CommaEvidence {
    cells: usize,
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
    /// The first number with a comma.
    example: Option<String>,
}

impl CommaEvidence {
    fn add(&mut self, cell: &[u8], thousands: Option<char>) {
        self.cells += 1;
        let with_comma = cell.contains(&b',');
        let readable = NumberFormat::new(b',', thousands).parse(cell).is_ok();
        self.readable += usize::from(readable);
        if with_comma && readable {
            self.example.get_or_insert_with(|| shown(cell));
            self.commas += 1;
            self.grouped += usize::from(NumberFormat::new(b'.', Some(',')).parse(cell).is_ok());
            self.strong += usize::from(is_no_list(cell));
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
