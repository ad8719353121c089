//! The extremes of a column, in units of its finest digit.

use super::error::TableError;
use super::limits::MAX_RANGE_BITS;
use crate::foundation::decimal::Decimal;

/// A value and the line where it stands.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    value: Decimal,
    line: u64,
}

/// The extremes of the values seen so far.
#[derive(Debug, Default)]
pub(super) struct Range {
    /// The value with the finest digit; none while all were zero.
    finest: Option<Occurrence>,
    exponent: i32,
    least: Option<(i128, Occurrence)>,
    most: Option<(i128, Occurrence)>,
    /// A value, and the finest one then, that do not fit together.
    apart: Option<(Occurrence, Occurrence)>,
}

impl Range {
    /// Takes `value` into account; `line` is asked for extremes only.
    pub(super) fn add(&mut self, value: Decimal, line: impl Fn() -> u64) {
        if self.apart.is_some() {
            return;
        }
        let seen = || Occurrence { value, line: line() };
        if value.exponent().is_some_and(|exponent| self.finest.is_none() || exponent < self.exponent) {
            self.refine(seen());
        }
        let Some(units) = value.at_exponent(self.exponent) else {
            self.apart = Some((seen(), self.finest.unwrap_or(seen())));
            return;
        };
        if self.least.is_none_or(|(least, _)| units < least) {
            self.least = Some((units, seen()));
        }
        if self.most.is_none_or(|(most, _)| units > most) {
            self.most = Some((units, seen()));
        }
    }

    /// Exponent, smallest value and distance of the largest, in units of 10^exponent.
    ///
    /// # Errors
    /// [`TableError::TooWide`] for `column`.
    pub(super) fn limits(&self, column: &str) -> Result<(i32, i128, u128), TableError> {
        if let Some((extreme, finest)) = self.apart {
            return Err(too_wide(column, extreme, finest));
        }
        let zero = (0, Occurrence { value: Decimal::ZERO, line: 0 });
        let ((least, lowest), (most, highest)) = (self.least.unwrap_or(zero), self.most.unwrap_or(zero));
        let range = most.abs_diff(least);
        if range >> MAX_RANGE_BITS != 0 {
            let farther = if most.unsigned_abs() >= least.unsigned_abs() { highest } else { lowest };
            return Err(too_wide(column, farther, self.finest.unwrap_or(farther)));
        }
        Ok((self.exponent, least, range))
    }

    /// A finer digit came: the extremes seen so far are written in its units.
    fn refine(&mut self, finest: Occurrence) {
        self.exponent = finest.value.exponent().unwrap_or(self.exponent);
        self.finest = Some(finest);
        for extreme in [&mut self.least, &mut self.most].into_iter().flatten() {
            match extreme.1.value.at_exponent(self.exponent) {
                Some(units) => extreme.0 = units,
                None => self.apart = Some((extreme.1, finest)),
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

/// Short even where plain digits would be hundreds: 1.2e-45.
fn scientific(value: Decimal) -> String {
    let Some(exponent) = value.exponent().filter(|exponent| exponent.abs() > 20) else { return value.to_string() };
    let (sign, digits) = (if value.mantissa() < 0 { "-" } else { "" }, value.mantissa().unsigned_abs().to_string());
    let power = exponent + i32::try_from(digits.len()).unwrap_or_default() - 1;
    match digits.split_at(1) {
        (first, "") => format!("{sign}{first}e{power}"),
        (first, rest) => format!("{sign}{first}.{rest}e{power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_numbers_are_shown_as_people_write_them() {
        for text in ["1.2e-45", "-3e300", "1e-21", "0.5", "1234"] {
            assert_eq!(scientific(Decimal::parse(text.as_bytes(), b'.').unwrap()), text);
        }
    }
}
