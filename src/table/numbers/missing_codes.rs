//! Missing-value codes: cells that mean "no value".

use std::cell::Cell;

use super::number_format::NumberFormat;
use crate::foundation::decimal::Decimal;

/// The default codes.
pub(in crate::table) const DEFAULT_CODES: [&str; 4] = ["NA", "N/A", "NaN", "null"];

/// The codes of a file, prepared for comparison, and which of them were found.
pub(in crate::table) struct MissingCodes {
    codes: Vec<Code>,
    has_numbers: bool,
    /// For each byte, whether a code starts with it in either case. Most cells start with another byte.
    first_bytes: [bool; 256],
}

struct Code {
    text: String,
    /// The code as a number: -99 matches -99.0, too.
    number: Option<Decimal>,
    found: Cell<bool>,
}

impl MissingCodes {
    pub(in crate::table) fn new(texts: &[String], format: NumberFormat) -> Self {
        let plain = NumberFormat::new(b'.', None);
        let code = |text: &String| {
            let number = format.parse(text.as_bytes()).or_else(|_| plain.parse(text.as_bytes())).ok();
            Code { text: text.clone(), number, found: Cell::new(false) }
        };
        let codes: Vec<Code> = texts.iter().map(code).collect();
        let mut first_bytes = [false; 256];
        for byte in codes.iter().filter_map(|code| code.text.as_bytes().first()) {
            first_bytes[usize::from(byte.to_ascii_lowercase())] = true;
            first_bytes[usize::from(byte.to_ascii_uppercase())] = true;
        }
        Self { has_numbers: codes.iter().any(|code| code.number.is_some()), codes, first_bytes }
    }

    /// Whether `cell`, which must be trimmed, is blank or a code, without regard to ASCII case.
    pub(in crate::table) fn is_blank_or_code(&self, cell: &[u8]) -> bool {
        let Some(first) = cell.first() else { return true };
        self.first_bytes[usize::from(*first)] && self.find(|code| cell.eq_ignore_ascii_case(code.text.as_bytes()))
    }

    /// Whether one of the codes is this number.
    pub(in crate::table) fn has_number(&self, number: Decimal) -> bool {
        self.has_numbers && self.find(|code| code.number == Some(number))
    }

    /// The distinct codes that matched no cell, without the default codes.
    pub(in crate::table) fn unused(&self) -> Vec<String> {
        let is_default = |code: &Code| DEFAULT_CODES.iter().any(|default| default.eq_ignore_ascii_case(&code.text));
        let found = |code: &Code| {
            self.codes.iter().any(|one| {
                one.found.get() && (one.text == code.text || one.number == code.number && one.number.is_some())
            })
        };
        let mut unused: Vec<String> = Vec::new();
        for code in self.codes.iter().filter(|code| !found(code) && !is_default(code)) {
            if !unused.contains(&code.text) {
                unused.push(code.text.clone());
            }
        }
        unused
    }

    /// Whether one of the codes meets a condition. Marks that code as found.
    fn find(&self, is: impl Fn(&Code) -> bool) -> bool {
        let found = self.codes.iter().find(|code| is(code));
        found.inspect(|code| code.found.set(true)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(texts: &[&str], decimal: u8) -> MissingCodes {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        MissingCodes::new(&texts, NumberFormat::new(decimal, None))
    }

    #[test]
    fn codes_ignore_case_and_numbers_are_compared_as_numbers() {
        let default = codes(&DEFAULT_CODES, b'.');
        assert!([&b""[..], b"na", b"NaN", b"NULL"].iter().all(|cell| default.is_blank_or_code(cell)));
        let own = codes(&["-9"], b'.');
        let number = |text: &str| Decimal::parse(text.as_bytes(), b'.').unwrap();
        assert!(own.is_blank_or_code(b"-9") && own.is_blank_or_code(b"") && !own.is_blank_or_code(b"NA"));
        assert!(["-9", "-9.0", "-0.9e1"].iter().all(|text| own.has_number(number(text))));
        assert!(!own.has_number(number("-9.01")) && !default.has_number(Decimal::ZERO));
        assert!(codes(&["-9.5"], b',').has_number(number("-9.5")) && codes(&["-9,5"], b',').has_number(number("-9.5")));
    }

    #[test]
    fn unused_codes_are_reported_except_the_default_ones() {
        let codes = codes(&["NA", "null", "-9", "?", "-99"], b'.');
        assert!(codes.is_blank_or_code(b"?") && codes.has_number(Decimal::parse(b"-9.0", b'.').unwrap()));
        assert_eq!(codes.unused(), ["-99"]);
        assert_eq!(self::codes(&["x", "x"], b'.').unused(), ["x"]);
        // Another spelling of the same number.
        let twice = self::codes(&["-9", "-9.0"], b'.');
        assert!(twice.has_number(Decimal::parse(b"-9", b'.').unwrap()) && twice.unused().is_empty());
    }
}
