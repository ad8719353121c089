//! The reference implementation: the same statistics from clear data, for comparison with the decrypted ones.
//!
//! It shares no plan, slots or formula with the encrypted computation: it adds the cells as written, grouped by their
//! power of ten, and computes with exact rationals around the mean.

use std::collections::BTreeMap;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::foundation::big_decimal::BigDecimal;
use crate::foundation::decimal::Decimal;
use crate::foundation::rational::power_of_ten;

/// The running sums of one column.
#[derive(Debug, Default)]
pub struct ReferenceColumn {
    present: u64,
    missing: u64,
    by_exponent: BTreeMap<i32, Powers>,
}

/// Σ m and Σ m² of the mantissas m that share an exponent.
#[derive(Debug, Default)]
struct Powers {
    first: Accumulator,
    second: Accumulator,
}

/// An integer sum that uses 128-bit arithmetic as long as possible.
#[derive(Debug, Default)]
struct Accumulator {
    small: i128,
    large: IBig,
}

impl Accumulator {
    fn add(&mut self, term: i128) {
        match self.small.checked_add(term) {
            Some(sum) => self.small = sum,
            None => self.large += IBig::from(std::mem::replace(&mut self.small, term)),
        }
    }

    fn total(&self) -> IBig {
        &self.large + IBig::from(self.small)
    }
}

impl ReferenceColumn {
    /// Adds the next row's cell; `None` if it is missing.
    pub fn push(&mut self, cell: Option<Decimal>) {
        let Some(number) = cell else {
            self.missing += 1;
            return;
        };
        self.present += 1;
        let mantissa = number.mantissa();
        // Zero has no specific exponent.
        let powers = self.by_exponent.entry(number.exponent().unwrap_or(0)).or_default();
        powers.first.add(mantissa);
        match mantissa.checked_mul(mantissa) {
            Some(square) => powers.second.add(square),
            None => powers.second.large += IBig::from(mantissa) * IBig::from(mantissa),
        }
    }

    /// Returns the number of cells with a value.
    pub(super) fn present(&self) -> u64 {
        self.present
    }

    /// Returns the number of missing cells.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Returns Σ x.
    pub(super) fn sum(&self) -> BigDecimal {
        let Some(finest) = self.by_exponent.keys().next().copied() else { return BigDecimal::new(IBig::ZERO, 0) };
        let at_finest = |(exponent, powers): (&i32, &Powers)| {
            // The keys of a B-tree are sorted, so no exponent is less than the first one.
            let shift = exponent.abs_diff(finest) as usize;
            powers.first.total() * IBig::from(UBig::from(10_u8).pow(shift))
        };
        BigDecimal::new(self.by_exponent.iter().map(at_finest).sum(), finest)
    }

    /// Returns Σ x / n; `None` for n = 0.
    pub(super) fn mean(&self) -> Option<RBig> {
        (self.present > 0).then(|| self.sum().rational() / RBig::from(self.present))
    }

    /// Returns Σ (x − mean)² / (n − 1), computed as (Σx² − n·mean²) / (n − 1); `None` for n < 2.
    pub(super) fn variance(&self) -> Option<RBig> {
        let freedom = self.present.checked_sub(1).filter(|freedom| *freedom > 0)?;
        let mean = self.mean()?;
        let squares = self.by_exponent.iter().fold(RBig::ZERO, |sum, (exponent, powers)| {
            sum + RBig::from(powers.second.total()) * power_of_ten(2 * exponent)
        });
        Some((squares - RBig::from(self.present) * &mean * &mean) / RBig::from(freedom))
    }
}
