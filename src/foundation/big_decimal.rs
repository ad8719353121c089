//! Decimal numbers of arbitrary size, for sums.

use std::fmt;

use dashu_int::{
    IBig,
    ops::{DivRem, UnsignedAbs},
};
use dashu_ratio::RBig;

use super::rational::power_of_ten;

/// `mantissa · 10^exponent`, in lowest terms: equal numbers have equal representations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BigDecimal {
    mantissa: IBig,
    exponent: i32,
}

impl BigDecimal {
    /// Creates the number `mantissa · 10^exponent`.
    pub fn new(mantissa: IBig, exponent: i32) -> Self {
        let (mut mantissa, mut exponent) = (mantissa, exponent);
        if mantissa == IBig::ZERO {
            return Self { mantissa, exponent: 0 };
        }
        loop {
            let (quotient, remainder) = (&mantissa).div_rem(IBig::from(10));
            if remainder != IBig::ZERO {
                return Self { mantissa, exponent };
            }
            (mantissa, exponent) = (quotient, exponent + 1);
        }
    }

    /// Returns the number as a rational.
    pub fn rational(&self) -> RBig {
        RBig::from(self.mantissa.clone()) * power_of_ten(self.exponent)
    }
}

/// Writes plain digits: no exponent, no redundant zeros.
impl fmt::Display for BigDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < IBig::ZERO { "-" } else { "" };
        let digits = (&self.mantissa).unsigned_abs().to_string();
        let places = self.exponent.unsigned_abs() as usize;
        if self.exponent >= 0 {
            return write!(f, "{sign}{digits}{}", "0".repeat(places));
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digits_have_no_redundant_zeros() {
        for (mantissa, exponent, text) in
            [(0, 5, "0"), (-5, -3, "-0.005"), (1500, -2, "15"), (1, 3, "1000"), (5_609_095, -1, "560909.5")]
        {
            assert_eq!(BigDecimal::new(IBig::from(mantissa), exponent).to_string(), text);
        }
    }

    #[test]
    fn equal_numbers_are_equal() {
        assert_eq!(BigDecimal::new(IBig::from(1500), -2), BigDecimal::new(IBig::from(15), 0));
        assert_eq!(BigDecimal::new(IBig::from(-20), -1).rational(), RBig::from(-2));
    }
}
