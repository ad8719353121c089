//! The smallest and the largest value of a column, in units of its finest digit.

use crate::foundation::decimal::Decimal;
use crate::table::error::TableError;
use crate::table::limits::MAX_RANGE_BITS;

/// A value and its line.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    value: Decimal,
    line: u64,
}

/// The extremes of the values seen so far.
#[derive(Debug, Default)]
pub(super) struct ValueRange {
    /// The value with the finest digit; `None` while all values are zero.
    finest: Option<Occurrence>,
    /// The power of ten of that digit.
    exponent: i32,
    smallest: Option<(i128, Occurrence)>,
    largest: Option<(i128, Occurrence)>,
    /// A value that is too large to be written in units of the finest digit, and the value with that digit.
    too_wide: Option<(Occurrence, Occurrence)>,
}

impl ValueRange {
    /// Adds `value`; `line` is called for extremes only.
    pub(super) fn add(&mut self, value: Decimal, line: impl Fn() -> u64) {
        if self.too_wide.is_some() {
            return;
        }
        let seen = || Occurrence { value, line: line() };
        if let Some(exponent) = value.exponent().filter(|exponent| self.finest.is_none() || *exponent < self.exponent) {
            self.refine(exponent, seen());
        }
        let Some(units) = value.at_exponent(self.exponent) else {
            // `finest` is set, since zero fits at every exponent.
            self.too_wide = Some((seen(), self.finest.unwrap_or(seen())));
            return;
        };
        if self.smallest.is_none_or(|(smallest, _)| units < smallest) {
            self.smallest = Some((units, seen()));
        }
        if self.largest.is_none_or(|(largest, _)| units > largest) {
            self.largest = Some((units, seen()));
        }
    }

    /// Returns the exponent, and in units of 10^exponent the smallest value and the difference to the largest one.
    ///
    /// # Errors
    /// [`TableError::TooWide`] for `column` if the difference has more than [`MAX_RANGE_BITS`] bits.
    pub(super) fn limits(&self, column: &str) -> Result<(i32, i128, u128), TableError> {
        if let Some((extreme, finest)) = self.too_wide {
            return Err(too_wide(column, extreme, finest));
        }
        // A column of numbers has at least one, so the extremes are set.
        let zero = (0, Occurrence { value: Decimal::ZERO, line: 0 });
        let ((least, smallest), (most, largest)) = (self.smallest.unwrap_or(zero), self.largest.unwrap_or(zero));
        let range = most.abs_diff(least);
        if range >> MAX_RANGE_BITS != 0 {
            let extreme = if most.unsigned_abs() >= least.unsigned_abs() { largest } else { smallest };
            return Err(too_wide(column, extreme, self.finest.unwrap_or(extreme)));
        }
        Ok((self.exponent, least, range))
    }

    /// Converts the extremes to the units of a finer digit.
    fn refine(&mut self, exponent: i32, finest: Occurrence) {
        self.exponent = exponent;
        self.finest = Some(finest);
        for extreme in [&mut self.smallest, &mut self.largest].into_iter().flatten() {
            match extreme.1.value.at_exponent(self.exponent) {
                Some(units) => extreme.0 = units,
                None => self.too_wide = Some((extreme.1, finest)),
            }
        }
    }
}

fn too_wide(column: &str, extreme: Occurrence, finest: Occurrence) -> TableError {
    TableError::TooWide {
        line: extreme.line,
        column: column.into(),
        cell: scientific(extreme.value),
        fine_line: finest.line,
        fine: scientific(finest.value),
    }
}

/// `value` in scientific notation (1.2e-45) if it would have many digits otherwise.
fn scientific(value: Decimal) -> String {
    let Some(exponent) = value.exponent().filter(|exponent| exponent.abs() > 20) else { return value.to_string() };
    let (sign, digits) = (if value.mantissa() < 0 { "-" } else { "" }, value.mantissa().unsigned_abs().to_string());
    let power = exponent + value.mantissa().unsigned_abs().checked_ilog10().map_or(0, u32::cast_signed);
    match digits.split_at(1) {
        (first, "") => format!("{sign}{first}e{power}"),
        (first, rest) => format!("{sign}{first}.{rest}e{power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_numbers_are_shown_in_scientific_notation() {
        for text in ["1.2e-45", "-3e300", "1e-21", "0.5", "1234"] {
            assert_eq!(scientific(Decimal::parse(text.as_bytes(), b'.').unwrap()), text);
        }
    }
}
