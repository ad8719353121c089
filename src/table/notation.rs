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

/// What numbers are written in unless something else is said.
pub(super) const POINT: NumberFormat = NumberFormat::new(b'.', None);

/// A set of forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forms(u8);

impl Forms {
    pub(super) const ALL: Self = Self(u8::MAX);
    pub(super) const NONE: Self = Self(0);

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

    /// Those that `given`, whose thousands separator is the user's choice, can still become.
    pub(super) fn beside(self, given: NumberFormat) -> Self {
        let Some(separator) = given.thousands else { return self };
        let fits = |form: &NumberFormat| {
            form.thousands.is_none_or(|other| other == separator) && char::from(form.mark) != separator
        };
        let others = FORMS.iter().enumerate().filter(|(_, form)| !fits(form));
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

/// How `cell` can be read by each of `forms`, and the options for it that a user adds to those for `given`.
pub(super) fn readings(cell: &str, forms: Forms, given: NumberFormat) -> Vec<(String, String)> {
    let mut found: Vec<(String, String, NumberFormat)> = Vec::new();
    for form in forms.simplest() {
        let (Ok(number), Some(options)) = (form.parse(cell.as_bytes()), options_for(form, given)) else { continue };
        let number = number.to_string();
        match found.iter_mut().find(|(known, ..)| *known == number) {
            // Of two forms that give the same number, the one with the given mark.
            Some(known) if form.mark == given.mark && known.2.mark != given.mark => *known = (number, options, form),
            Some(_) => {}
            None => found.push((number, options, form)),
        }
    }
    found.into_iter().map(|(number, options, _)| (number, options)).collect()
}

/// The options for `form`, if that is not `given`.
fn options_for(form: NumberFormat, given: NumberFormat) -> Option<String> {
    let mark = match (form.mark, given.mark) {
        (b',', b'.') => Some("--decimal-comma".to_owned()),
        (b'.', b',') => Some("--decimal-point".to_owned()),
        _ => None,
    };
    let thousands = form.thousands.filter(|_| form.thousands != given.thousands).map(|separator| match separator {
        '\'' => "--thousands apostrophe".to_owned(),
        ' ' => "--thousands space".to_owned(),
        other => format!("--thousands '{other}'"),
    });
    let options: Vec<String> = mark.into_iter().chain(thousands).collect();
    (!options.is_empty()).then(|| options.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str], mark: u8) -> Vec<(String, String)> {
        let forms = cells.iter().fold(Forms::ALL, |forms, cell| forms.and(Forms::of(cell.as_bytes())));
        readings(cells[0], forms, NumberFormat::new(mark, None))
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
}
