//! Cells that would be numbers if the file's numbers were written in another form.

use super::number::NumberFormat;

/// The forms that are told apart: decimal mark and thousands separator.
const FORMS: [NumberFormat; 8] = [
    NumberFormat::new(b'.', None),
    NumberFormat::new(b',', None),
    NumberFormat::new(b'.', Some(',')),
    NumberFormat::new(b',', Some('.')),
    NumberFormat::new(b'.', Some('\'')),
    NumberFormat::new(b',', Some('\'')),
    NumberFormat::new(b'.', Some(' ')),
    NumberFormat::new(b',', Some(' ')),
];

/// A set of forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forms(u8);

impl Forms {
    pub(super) const ALL: Self = Self(u8::MAX);

    /// The forms by which `cell` is a number.
    pub(super) fn of(cell: &[u8]) -> Self {
        // Most cells that are no number hold a letter, and no form knows one but the exponent's.
        let letter = |byte: &u8| byte.is_ascii_alphabetic() && !b"eE".contains(byte);
        if cell.iter().any(letter) || !cell.iter().any(u8::is_ascii_digit) {
            return Self(0);
        }
        let readable = FORMS.iter().enumerate().filter(|(_, form)| form.parse(cell).is_ok());
        Self(readable.fold(0, |set, (position, _)| set | 1 << position))
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those with this decimal mark.
    pub(super) fn with_mark(self, mark: u8) -> Self {
        let others = FORMS.iter().enumerate().filter(|(_, form)| form.mark != mark);
        Self(others.fold(self.0, |set, (position, _)| set & !(1 << position)))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that need no more than others: a thousands separator that occurs, or none.
    fn simplest(self) -> Vec<NumberFormat> {
        let all: Vec<_> = FORMS.iter().enumerate().filter(|(position, _)| self.0 & 1 << position != 0).collect();
        let plain = |mark: u8| all.iter().any(|(_, form)| form.mark == mark && form.thousands.is_none());
        let needed = all.iter().filter(|(_, form)| form.thousands.is_none() || !plain(form.mark));
        needed.map(|(_, form)| **form).collect()
    }
}

/// How `cell` can be read by each of `forms`, and the options for it, as a user with the decimal mark `mark` gives them.
pub(super) fn readings(cell: &str, forms: Forms, mark: u8) -> Vec<(String, String)> {
    let reading = |form: NumberFormat| {
        let number = form.parse(cell.as_bytes()).ok()?.to_string();
        let mark = match (form.mark, mark) {
            (b',', b'.') => Some("--decimal-comma".to_owned()),
            (b'.', b',') => Some("--decimal-point".to_owned()),
            _ => None,
        };
        let thousands = form.thousands.map(|separator| match separator {
            '\'' => "--thousands apostrophe".to_owned(),
            ' ' => "--thousands space".to_owned(),
            other => format!("--thousands '{other}'"),
        });
        let options: Vec<String> = mark.into_iter().chain(thousands).collect();
        (!options.is_empty()).then(|| (number, options.join(" ")))
    };
    let mut found: Vec<(String, String)> = Vec::new();
    for (number, options) in forms.simplest().into_iter().filter_map(reading) {
        if !found.iter().any(|(known, _)| *known == number) {
            found.push((number, options));
        }
    }
    found
}

/// Whether cells of a column are numbers with a decimal comma; told from lists of codes (`1,2`) and from thousands.
#[derive(Debug, Default)]
pub(super) struct CommaEvidence {
    cells: usize,
    commas: usize,
    readable: usize,
    /// Commas before exactly three digits, as thousands have them.
    grouped: usize,
    /// Commas in what no list of two codes looks like ([`is_no_list`]).
    strong: usize,
    /// Digits behind the commas, shortest and longest.
    digits: Option<(usize, usize)>,
}

impl CommaEvidence {
    pub(super) fn add(&mut self, cell: &[u8]) {
        self.cells += 1;
        let with_comma = cell.contains(&b',');
        let readable = NumberFormat::new(b',', None).parse(cell).is_ok();
        self.readable += usize::from(readable);
        if with_comma && readable {
            self.commas += 1;
            self.grouped += usize::from(NumberFormat::new(b'.', Some(',')).parse(cell).is_ok());
            self.strong += usize::from(is_no_list(cell));
            let digits = cell.iter().rev().take_while(|byte| **byte != b',').count();
            let (least, most) = self.digits.unwrap_or((digits, digits));
            self.digits = Some((least.min(digits), most.max(digits)));
        }
    }

    /// Whether commas stand in the column's numbers.
    pub(super) fn has_commas(&self) -> bool {
        // One cell in five may be a word or a limit of detection.
        self.commas > 0 && self.commas > self.grouped && 5 * self.readable >= 4 * self.cells
    }

    /// Whether they can be nothing but decimal commas.
    pub(super) fn is_clear(&self) -> bool {
        let fixed = self.digits.is_some_and(|(least, most)| least == most && least > 1);
        let each = self.commas == self.readable && (fixed || self.strong > 0);
        self.has_commas() && (each || 2 * self.strong >= self.commas)
    }

    /// Whether all of them stand before exactly three digits.
    pub(super) fn may_be_thousands(&self) -> bool {
        self.commas > 0 && self.commas == self.grouped
    }

    /// Whether they may be lists of codes: single ones, and several in order.
    pub(super) fn is_doubtful(&self) -> bool {
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

    fn read(cells: &[&str], mark: u8) -> Vec<(String, String)> {
        let forms = cells.iter().fold(Forms::ALL, |forms, cell| forms.and(Forms::of(cell.as_bytes())));
        readings(cells[0], forms, mark)
    }

    #[test]
    fn all_readings_of_a_cell_are_shown_with_their_options() {
        let pair = |number: &str, options: &str| (number.to_owned(), options.to_owned());
        let both = [pair("1.234", "--decimal-comma"), pair("1234", "--thousands ','")];
        assert_eq!(read(&["1,234", "12,000"], b'.'), both);
        assert_eq!(read(&["1,234", "12,00"], b'.'), [pair("1.234", "--decimal-comma")]);
        assert_eq!(read(&["1,234,567", "999"], b'.'), [pair("1234567", "--thousands ','")]);
        assert_eq!(read(&["1.234,5"], b'.'), [pair("1234.5", "--decimal-comma --thousands '.'")]);
        assert_eq!(read(&["1.234"], b','), [pair("1.234", "--decimal-point"), pair("1234", "--thousands '.'")]);
        assert_eq!(read(&["1'234"], b'.'), [pair("1234", "--thousands apostrophe")]);
        assert_eq!(read(&["1 234", "5\u{202F}678"], b'.'), [pair("1234", "--thousands space")]);
        assert_eq!(read(&["1,5", "1.5"], b'.'), []);
        assert_eq!(read(&["x"], b'.'), []);
    }

    #[test]
    fn decimal_commas_are_told_from_codes_and_thousands() {
        let clear = |cells: &[&str]| {
            let mut evidence = CommaEvidence::default();
            for cell in cells {
                evidence.add(cell.as_bytes());
            }
            evidence.is_clear()
        };
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
