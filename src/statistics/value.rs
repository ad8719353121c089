//! The value of a statistic and its text form.

use std::fmt;

use crate::foundation::big_decimal::BigDecimal;

/// The value of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number of rows.
    Count(u64),
    /// An exact decimal.
    Exact(BigDecimal),
    /// The double nearest to the exact value.
    Double(f64),
    /// Undefined, because the column has too few values.
    Undefined,
}

/// Writes the fewest digits that parse to the same number; nothing for an undefined value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Exact(exact) => write!(f, "{exact}"),
            Self::Double(double) => {
                let digits = format!("{double:?}");
                f.write_str(digits.strip_suffix(".0").unwrap_or(&digits))
            }
            Self::Undefined => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_have_the_fewest_digits_that_parse_to_the_same_number() {
        for (double, text) in
            [(2.0, "2"), (0.1, "0.1"), (1e300, "1e300"), (-1.5e-7, "-1.5e-7"), (1.0 / 3.0, "0.3333333333333333")]
        {
            assert_eq!(Value::Double(double).to_string(), text);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), double.to_bits());
        }
    }
}
