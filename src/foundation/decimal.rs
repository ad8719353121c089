//! Exact decimal numbers as written in CSV files. No floating point is involved.

use std::cmp::Ordering;
use std::fmt;

use dashu_int::IBig;
use serde::{Deserialize, Serialize};

use super::big_decimal::BigDecimal;

/// The maximum number of significant digits; 10^38 < 2^127.
pub const MAX_DIGITS: u32 = 38;
/// The largest absolute exponent of a number's first or last digit. Doubles range from 10^-324 to 10^308.
pub const MAX_EXPONENT: i32 = 400;

/// `mantissa · 10^exponent`, in lowest terms: the mantissa does not end in 0, and zero is 0·10^0.
///
/// |mantissa| < 10^38, and the power of ten of the first and of the last digit is within ±[`MAX_EXPONENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// The reason why a text is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseDecimalError {
    /// The text does not have the form of a number.
    #[error("is not a number")]
    Form,
    /// More than [`MAX_DIGITS`] significant digits.
    #[error("has more than {MAX_DIGITS} significant digits")]
    Digits,
    /// The first or last digit is beyond 10^±[`MAX_EXPONENT`].
    #[error("needs a power of ten beyond ±{MAX_EXPONENT}")]
    Exponent,
}

/// The powers of ten that fit in an `i128`, indexed by exponent.
const POWERS_OF_TEN: [i128; MAX_DIGITS as usize + 1] = {
    let mut powers = [1; MAX_DIGITS as usize + 1];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

impl Decimal {
    /// The number 0, with exponent 0.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// Parses `[+-] digits [point digits] [e [+-] digits]`, with at least one digit before the exponent.
    ///
    /// `point` is the decimal separator, `.` or `,`. No other text may precede or follow the number.
    ///
    /// # Errors
    /// [`ParseDecimalError`]: the text is not a number, has too many digits, or an exponent out of range.
    pub fn parse(text: &[u8], point: u8) -> Result<Self, ParseDecimalError> {
        let (negative, unsigned) = split_sign(text);
        let mut digits = Digits::default();
        let rest = digits.read(unsigned, point)?;
        let shift = match rest {
            [] => 0,
            [b'e' | b'E', exponent @ ..] => parse_exponent(exponent)?,
            _ => return Err(ParseDecimalError::Form),
        };
        digits.finish(negative, shift)
    }

    /// Returns the integer m with `m · 10^exponent` equal to this number, if it exists and fits.
    pub fn at_exponent(self, exponent: i32) -> Option<i128> {
        if self.mantissa == 0 || self.exponent == exponent {
            return Some(self.mantissa);
        }
        let shift = usize::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.mantissa.checked_mul(*POWERS_OF_TEN.get(shift)?)
    }

    /// Returns the significant digits as a signed integer.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Returns the power of ten that the mantissa is multiplied by; `None` for zero, which has no specific one.
    pub fn exponent(self) -> Option<i32> {
        (self.mantissa != 0).then_some(self.exponent)
    }

    /// Returns the power of ten of the first digit; `None` for zero.
    fn magnitude(self) -> Option<i32> {
        let digits = self.mantissa.unsigned_abs().checked_ilog10()?;
        Some(self.exponent + i32::try_from(digits).ok()?)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        let by_size = || {
            let common = self.exponent.min(other.exponent);
            match (self.at_exponent(common), other.at_exponent(common)) {
                (Some(a), Some(b)) => a.cmp(&b),
                // A common exponent does not fit, so the first digits have different powers of ten.
                _ if self.mantissa > 0 => self.magnitude().cmp(&other.magnitude()),
                _ => other.magnitude().cmp(&self.magnitude()),
            }
        };
        by_sign.then_with(by_size)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BigDecimal::new(IBig::from(self.mantissa), self.exponent).fmt(f)
    }
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Exponents of more than five digits are rejected before they can overflow.
fn parse_exponent(text: &[u8]) -> Result<i32, ParseDecimalError> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ParseDecimalError::Form);
    }
    let value = digits.iter().try_fold(0_i32, |value, digit| {
        let value = value * 10 + i32::from(digit - b'0');
        (value < 100_000).then_some(value)
    });
    let value = value.ok_or(ParseDecimalError::Exponent)?;
    Ok(if negative { -value } else { value })
}

/// The digits read so far; zeros are pending until a later digit makes them significant.
#[derive(Default)]
struct Digits {
    mantissa: i128,
    significant: u32,
    pending_zeros: u32,
    any_digit: bool,
    fraction: i64,
}

impl Digits {
    /// Reads digits and at most one point; returns the rest of the text.
    fn read<'t>(&mut self, text: &'t [u8], point: u8) -> Result<&'t [u8], ParseDecimalError> {
        let mut after_point = false;
        for (position, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    self.push(byte - b'0')?;
                    self.fraction += i64::from(after_point);
                }
                _ if byte == point && !after_point => after_point = true,
                _ => return Ok(&text[position..]),
            }
        }
        Ok(&[])
    }

    fn push(&mut self, digit: u8) -> Result<(), ParseDecimalError> {
        self.any_digit = true;
        if digit == 0 {
            self.pending_zeros += u32::from(self.mantissa != 0);
            return Ok(());
        }
        let digits = self.pending_zeros.saturating_add(1);
        self.significant = self.significant.saturating_add(digits);
        if self.significant > MAX_DIGITS {
            return Err(ParseDecimalError::Digits);
        }
        self.mantissa = self.mantissa * POWERS_OF_TEN[digits as usize] + i128::from(digit);
        self.pending_zeros = 0;
        Ok(())
    }

    fn finish(self, negative: bool, shift: i32) -> Result<Decimal, ParseDecimalError> {
        if !self.any_digit {
            return Err(ParseDecimalError::Form);
        }
        if self.mantissa == 0 {
            return Ok(Decimal::ZERO);
        }
        let exponent = i64::from(shift) + i64::from(self.pending_zeros) - self.fraction;
        let exponent = i32::try_from(exponent).map_err(|_| ParseDecimalError::Exponent)?;
        let mantissa = if negative { -self.mantissa } else { self.mantissa };
        let number = Decimal { mantissa, exponent };
        let is_in_range = |power: i32| power.abs() <= MAX_EXPONENT;
        if is_in_range(exponent) && number.magnitude().is_some_and(is_in_range) {
            Ok(number)
        } else {
            Err(ParseDecimalError::Exponent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Decimal, ParseDecimalError> {
        Decimal::parse(text.as_bytes(), b'.')
    }

    #[test]
    fn numbers_are_parsed_in_lowest_terms() {
        for (text, mantissa, exponent) in [
            ("0", 0, 0),
            ("-0.000", 0, 0),
            ("0e999", 0, 0),
            ("127.50", 1275, -1),
            ("+7", 7, 0),
            ("-.5", -5, -1),
            ("5.", 5, 0),
            ("1200", 12, 2),
            ("1.5e3", 15, 2),
            ("2E-3", 2, -3),
            ("0.00000000000000001", 1, -17),
            ("1000000000000000000000000000000000000000000", 1, 42),
        ] {
            assert_eq!(parse(text), Ok(Decimal { mantissa, exponent }), "{text}");
        }
    }

    #[test]
    fn other_text_is_rejected_with_the_reason() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1 ", "inf", "1,5", "--1", "1e5.0"] {
            assert_eq!(parse(text), Err(ParseDecimalError::Form), "{text}");
        }
        assert_eq!(parse("1e999999999999999999999"), Err(ParseDecimalError::Exponent));
        assert_eq!(parse("1e401"), Err(ParseDecimalError::Exponent));
        assert_eq!(parse("1e-401"), Err(ParseDecimalError::Exponent));
        assert_eq!(parse(&"1".repeat(39)), Err(ParseDecimalError::Digits));
        assert_eq!(parse(&format!("1{}1", "0".repeat(99_999))), Err(ParseDecimalError::Digits));
    }

    #[test]
    fn the_decimal_separator_may_be_a_comma() {
        assert_eq!(Decimal::parse(b"1,5", b','), Ok(Decimal { mantissa: 15, exponent: -1 }));
        assert_eq!(Decimal::parse(b"1.5", b','), Err(ParseDecimalError::Form));
    }

    proptest! {
        #[test]
        fn displayed_numbers_parse_to_themselves(mantissa in -(1_i128 << 100)..(1 << 100), exponent in -60..60_i32) {
            let number = parse(&format!("{mantissa}e{exponent}")).unwrap();
            prop_assert_eq!(parse(&number.to_string()), Ok(number));
        }

        #[test]
        fn the_order_is_numeric(a in -1000..1000_i64, e in -3..3_i32, b in -1000..1000_i64, f in -3..3_i32) {
            let exact = |m: i64, exponent: i32| i128::from(m) * 10_i128.pow(u32::try_from(exponent + 3).unwrap());
            let left = parse(&format!("{a}e{e}")).unwrap();
            let right = parse(&format!("{b}e{f}")).unwrap();
            prop_assert_eq!(left.cmp(&right), exact(a, e).cmp(&exact(b, f)));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Decimal::parse(&text, b'.');
        }
    }
}
