//! Number formats: decimal separator, thousands separator, and signs and spaces beyond ASCII.

use crate::foundation::decimal::{Decimal, ParseDecimalError};

/// How a file's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table) struct NumberFormat {
    /// The decimal separator, `.` or `,`.
    pub(in crate::table) decimal: u8,
    /// The separator of groups of three digits; [`same_separator`] lists the characters that it matches.
    pub(in crate::table) thousands: Option<char>,
}

impl NumberFormat {
    pub(in crate::table) const fn new(decimal: u8, thousands: Option<char>) -> Self {
        Self { decimal, thousands }
    }

    /// Parses `cell`, which must be trimmed.
    ///
    /// # Errors
    /// [`ParseDecimalError`] if it is not a number in this format, or a number that cannot be represented exactly.
    pub(in crate::table) fn parse(self, cell: &[u8]) -> Result<Decimal, ParseDecimalError> {
        match Decimal::parse(cell, self.decimal) {
            Ok(number) => Ok(number),
            Err(ParseDecimalError::Form) if self.thousands.is_some() || !cell.is_ascii() => {
                self.to_ascii(cell).map_or(Err(ParseDecimalError::Form), |ascii| Decimal::parse(&ascii, self.decimal))
            }
            Err(ParseDecimalError::Form) => Err(ParseDecimalError::Form),
            // In a long text the digits may exceed the limit before the first letter is reached: that is text, not a
            // number.
            Err(_) if !cell.iter().all(|byte| self.may_contain(*byte)) => Err(ParseDecimalError::Form),
            Err(error) => Err(error),
        }
    }

    fn may_contain(self, byte: u8) -> bool {
        byte.is_ascii_digit() || b"+-eE".contains(&byte) || byte == self.decimal
    }

    /// The same number with ASCII minus signs and without thousands separators; `None` if a separator is not followed
    /// by exactly three digits.
    fn to_ascii(self, cell: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(cell).ok()?;
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let (sign, unsigned) = split_sign(mantissa);
        let (whole, fraction) = match unsigned.split_once(char::from(self.decimal)) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        let mut ascii = format!("{sign}{}", self.without_groups(whole)?);
        if let Some(fraction) = fraction {
            ascii.push(char::from(self.decimal));
            ascii.push_str(fraction);
        }
        if let Some(exponent) = exponent {
            let (sign, digits) = split_sign(exponent);
            ascii.extend(["e", sign, digits]);
        }
        Some(ascii.into_bytes())
    }

    fn without_groups(self, whole: &str) -> Option<String> {
        let Some(separator) = self.thousands else { return Some(whole.to_owned()) };
        let mut groups = whole.split(|c| same_separator(separator, c));
        let first = groups.next()?;
        let mut digits = first.to_owned();
        for group in groups {
            // 0,123 is a fraction, not a group.
            let is_grouped = (1..=3).contains(&first.len()) && !first.starts_with('0');
            if !is_grouped || group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            digits.push_str(group);
        }
        Some(digits)
    }
}

/// Whether `found` matches the thousands separator `wanted`: a space matches every space used in numbers, an apostrophe
/// matches the typographic one, too.
pub(in crate::table) fn same_separator(wanted: char, found: char) -> bool {
    match wanted {
        ' ' => matches!(found, ' ' | '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}'),
        '\'' => matches!(found, '\'' | '\u{2019}'),
        _ => wanted == found,
    }
}

fn split_sign(text: &str) -> (&str, &str) {
    let mut rest = text.chars();
    match rest.next() {
        Some('+') => ("+", rest.as_str()),
        Some(sign) if is_minus(sign) => ("-", rest.as_str()),
        _ => ("", text),
    }
}

/// Whether `c` is a minus sign or one of its substitutes in word processors: hyphens, figure dash, en dash, small and
/// full-width forms.
fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}' | '\u{2010}'..='\u{2013}' | '\u{FE63}' | '\u{FF0D}')
}

/// `field` without surrounding white space, and without the quotation marks of a field that is quoted after a space:
/// RFC 4180 does not treat `, "x"` as a quoted field.
pub(in crate::table) fn trim(field: &[u8]) -> &[u8] {
    let trimmed = trim_space(field);
    match trimmed {
        [b'"', inner @ .., b'"'] if trimmed.len() < field.len() => trim_space(inner),
        _ => trimmed,
    }
}

fn trim_space(field: &[u8]) -> &[u8] {
    let ascii = field.trim_ascii();
    match ascii {
        [first, .., last] if first.is_ascii() && last.is_ascii() => ascii,
        [] | [_] => ascii,
        _ => std::str::from_utf8(ascii).map_or(ascii, |text| text.trim_matches(is_blank).as_bytes()),
    }
}

/// Whether `c` is Unicode white space or a zero-width character.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, decimal: u8, thousands: Option<char>) -> Option<String> {
        NumberFormat::new(decimal, thousands).parse(text.as_bytes()).ok().map(|number| number.to_string())
    }

    #[test]
    fn thousands_separators_are_followed_by_exactly_three_digits() {
        for (text, decimal, separator, number) in [
            ("1,234", b'.', ',', "1234"),
            ("-1,234,567.25", b'.', ',', "-1234567.25"),
            ("+1,234e+1", b'.', ',', "12340"),
            ("999", b'.', ',', "999"),
            ("1234567", b'.', ',', "1234567"),
            ("1.234.567,5", b',', '.', "1234567.5"),
            ("12'345.5", b'.', '\'', "12345.5"),
            ("12\u{2019}345", b'.', '\'', "12345"),
            ("1 234 567", b'.', ' ', "1234567"),
            ("1\u{202F}234\u{A0}567", b'.', ' ', "1234567"),
            ("\u{2212}1,234e\u{2212}3", b'.', ',', "-1.234"),
        ] {
            assert_eq!(parse(text, decimal, Some(separator)).as_deref(), Some(number), "{text:?}");
        }
        for text in
            ["12,34", "1,2345", "1234,567", "0,123", ",123", "1,234,", "1,,234", "1.5,000", "1,234e1,000", "1, 234"]
        {
            assert_eq!(parse(text, b'.', Some(',')), None, "{text:?}");
        }
        assert_eq!(parse("1,234", b'.', None), None);
    }

    #[test]
    fn minus_signs_beyond_ascii_are_parsed() {
        for minus in ['\u{2212}', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{FE63}', '\u{FF0D}'] {
            assert_eq!(parse(&format!("{minus}2.5"), b'.', None).as_deref(), Some("-2.5"));
            assert_eq!(parse(&format!("{minus}"), b'.', None), None);
            assert_eq!(parse(&format!("1{minus}2"), b'.', None), None);
        }
        assert_eq!(parse("1e\u{2212}2", b'.', None).as_deref(), Some("0.01"));
        assert_eq!(parse("\u{2014}5", b'.', None), None);
    }

    #[test]
    fn a_long_text_that_starts_with_digits_is_not_a_number() {
        let text = format!("{}x", "1".repeat(60));
        assert_eq!(NumberFormat::new(b'.', None).parse(text.as_bytes()), Err(ParseDecimalError::Form));
        assert_eq!(NumberFormat::new(b'.', None).parse(&text.as_bytes()[..60]), Err(ParseDecimalError::Digits));
    }

    #[test]
    fn all_kinds_of_white_space_are_trimmed() {
        for (field, expected) in [
            ("\u{A0}5", "5"),
            ("5\u{202F}", "5"),
            (" \u{2007}5\t\u{3000} ", "5"),
            ("\u{200B}\u{FEFF}5", "5"),
            ("\u{A0}", ""),
            (" \"5\" ", "5"),
            ("\"5\"", "\"5\""),
            ("é", "é"),
            ("", ""),
        ] {
            assert_eq!(std::str::from_utf8(trim(field.as_bytes())).unwrap(), expected, "{field:?}");
        }
    }
}
