//! Sets of number formats, and the ways in which a cell can be read as a number.

use super::number_format::NumberFormat;

/// The formats that are distinguished: decimal separator and thousands separator.
const FORMATS: [NumberFormat; 8] = [
    NumberFormat::new(b'.', None),
    NumberFormat::new(b',', None),
    NumberFormat::new(b'.', Some(',')),
    NumberFormat::new(b',', Some('.')),
    NumberFormat::new(b'.', Some('\'')),
    NumberFormat::new(b',', Some('\'')),
    NumberFormat::new(b'.', Some(' ')),
    NumberFormat::new(b',', Some(' ')),
];

/// The default format: a decimal point, no thousands separator.
pub(in crate::table) const DECIMAL_POINT: NumberFormat = NumberFormat::new(b'.', None);

/// A set of number formats: bit `i` stands for `FORMATS[i]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table) struct FormatSet(u8);

impl FormatSet {
    pub(in crate::table) const ALL: Self = Self(u8::MAX);
    pub(in crate::table) const NONE: Self = Self(0);

    /// The formats in which `cell` is a number.
    pub(in crate::table) fn of(cell: &[u8]) -> Self {
        // A fast path: most cells that are not numbers contain a letter, and the only letter in a number is the
        // exponent's.
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() && !b"eE".contains(byte);
        if cell.iter().any(is_letter) || !cell.iter().any(u8::is_ascii_digit) {
            return Self::NONE;
        }
        let readable = FORMATS.iter().enumerate().filter(|(_, format)| format.parse(cell).is_ok());
        Self(readable.fold(0, |set, (position, _)| set | 1 << position))
    }

    /// The intersection.
    pub(in crate::table) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The formats with this decimal separator.
    pub(in crate::table) fn with_decimal(self, separator: u8) -> Self {
        self.without(|format| format.decimal != separator)
    }

    /// The formats that do not contradict the thousands separator of `given`, which the user chose: without those with
    /// another thousands separator, or with this one as the decimal separator.
    pub(in crate::table) fn compatible_with(self, given: NumberFormat) -> Self {
        let Some(separator) = given.thousands else { return self };
        self.without(|format| {
            format.thousands.is_some_and(|other| other != separator) || char::from(format.decimal) == separator
        })
    }

    pub(in crate::table) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn without(self, excluded: impl Fn(&NumberFormat) -> bool) -> Self {
        let excluded = FORMATS.iter().enumerate().filter(|(_, format)| excluded(format));
        Self(excluded.fold(self.0, |set, (position, _)| set & !(1 << position)))
    }

    /// The formats, without those that also allow a thousands separator where the decimal separator alone is enough.
    fn simplest(self) -> Vec<NumberFormat> {
        let all: Vec<_> = FORMATS.iter().enumerate().filter(|(position, _)| self.0 & 1 << position != 0).collect();
        let plain = |decimal: u8| all.iter().any(|(_, format)| format.decimal == decimal && format.thousands.is_none());
        let needed = all.iter().filter(|(_, format)| format.thousands.is_none() || !plain(format.decimal));
        needed.map(|(_, format)| **format).collect()
    }
}

/// A way to read a cell as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpretation {
    /// The value, with a decimal point and without thousands separators.
    pub value: String,
    /// How the number format has to change.
    pub change: FormatChange,
}

/// A change of the number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatChange {
    /// The new decimal separator, if it differs from the present one.
    pub decimal: Option<char>,
    /// The new thousands separator, if it differs from the present one.
    pub thousands: Option<char>,
}

impl Interpretation {
    /// Reads `cell` in `format`; `None` if it is not a number in that format, or if `format` is `given`.
    fn new(cell: &str, format: NumberFormat, given: NumberFormat) -> Option<Self> {
        let value = format.parse(cell.as_bytes()).ok()?.to_string();
        let decimal = (format.decimal != given.decimal).then(|| char::from(format.decimal));
        let thousands = format.thousands.filter(|_| format.thousands != given.thousands);
        let change = FormatChange { decimal, thousands };
        (decimal.is_some() || thousands.is_some()).then_some(Self { value, change })
    }
}

/// The interpretations of `cell` in `formats`, one for each value; `given` is the present number format.
pub(in crate::table) fn interpretations(cell: &str, formats: FormatSet, given: NumberFormat) -> Vec<Interpretation> {
    let mut found: Vec<Interpretation> = Vec::new();
    for new in formats.simplest().into_iter().filter_map(|format| Interpretation::new(cell, format, given)) {
        match found.iter_mut().find(|known| known.value == new.value) {
            // Of two formats that give the same value, prefer the one with the present decimal separator.
            Some(known) if new.change.decimal.is_none() && known.change.decimal.is_some() => *known = new,
            Some(_) => {}
            None => found.push(new),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str], decimal: u8) -> Vec<Interpretation> {
        let formats = cells.iter().fold(FormatSet::ALL, |formats, cell| formats.and(FormatSet::of(cell.as_bytes())));
        interpretations(cells[0], formats, NumberFormat::new(decimal, None))
    }

    fn change(value: &str, decimal: Option<char>, thousands: Option<char>) -> Interpretation {
        Interpretation { value: value.into(), change: FormatChange { decimal, thousands } }
    }

    #[test]
    fn all_interpretations_of_a_cell_are_found_with_their_format_changes() {
        let both = [change("1.234", Some(','), None), change("1234", None, Some(','))];
        assert_eq!(read(&["1,234", "12,000"], b'.'), both);
        assert_eq!(read(&["1,234", "12,00"], b'.'), [change("1.234", Some(','), None)]);
        assert_eq!(read(&["1,234,567", "999"], b'.'), [change("1234567", None, Some(','))]);
        assert_eq!(read(&["1.234,5"], b'.'), [change("1234.5", Some(','), Some('.'))]);
        assert_eq!(read(&["1.234"], b','), [change("1.234", Some('.'), None), change("1234", None, Some('.'))]);
        assert_eq!(read(&["1'234"], b'.'), [change("1234", None, Some('\''))]);
        assert_eq!(read(&["1 234", "5\u{202F}678"], b'.'), [change("1234", None, Some(' '))]);
        assert_eq!(read(&["1,5", "1.5"], b'.'), []);
        assert_eq!(read(&["x"], b'.'), []);
    }
}
