//! The clear-data twin: the same figures by another way, to compare the decrypted ones with.
//!
//! It shares no plan, no slots and no finishing formula with the encrypted path: it adds the cells as they are
//! written, grouped by their power of ten, and computes with exact rationals around the mean.

use std::collections::BTreeMap;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use super::summary::{ColumnSummary, Summary};
use super::value::Value;
use crate::foundation::big_decimal::BigDecimal;
use crate::foundation::decimal::Decimal;
use crate::foundation::rational::{nearest, nearest_root, power_of_ten};

/// One column's cells, added up as they come.
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

/// An integer that is mostly added to in 128 bits.
#[derive(Debug, Default)]
struct Accumulator {
    near: i128,
    far: IBig,
}

impl Accumulator {
    fn add(&mut self, term: i128) {
        match self.near.checked_add(term) {
            Some(sum) => self.near = sum,
            None => self.far += IBig::from(std::mem::replace(&mut self.near, term)),
        }
    }

    fn total(&self) -> IBig {
        &self.far + IBig::from(self.near)
    }
}

impl ReferenceColumn {
    /// Takes the next row's cell.
    pub fn push(&mut self, cell: Option<Decimal>) {
        let Some(number) = cell else {
            self.missing += 1;
            return;
        };
        self.present += 1;
        let mantissa = number.mantissa();
        let powers = self.by_exponent.entry(number.exponent().unwrap_or_default()).or_default();
        powers.first.add(mantissa);
        match mantissa.checked_mul(mantissa) {
            Some(square) => powers.second.add(square),
            None => powers.second.far += IBig::from(mantissa) * IBig::from(mantissa),
        }
    }

    /// The column's figures for the statistics called `names`.
    pub fn summary(&self, column: &str, names: &[&'static str]) -> ColumnSummary {
        let values = names.iter().map(|name| self.value(name)).collect();
        ColumnSummary { name: column.into(), values }
    }

    fn value(&self, statistic: &str) -> Value {
        let double = |value: Option<f64>| value.map_or(Value::Undefined, Value::Double);
        match statistic {
            "count" => Value::Count(self.present),
            "missing" => Value::Count(self.missing),
            "sum" => Value::Exact(self.sum()),
            "mean" => double(self.mean().as_ref().map(nearest)),
            "variance" => double(self.variance().as_ref().map(nearest)),
            "std" => double(self.variance().as_ref().and_then(nearest_root)),
            _ => Value::Undefined,
        }
    }

    fn sum(&self) -> BigDecimal {
        let finest = self.by_exponent.keys().next().copied().unwrap_or_default();
        let at_finest = |(exponent, powers): (&i32, &Powers)| {
            let places = usize::try_from(exponent - finest).unwrap_or_default();
            powers.first.total() * IBig::from(UBig::from(10_u8).pow(places))
        };
        BigDecimal::new(self.by_exponent.iter().map(at_finest).sum(), finest)
    }

    fn mean(&self) -> Option<RBig> {
        (self.present > 0).then(|| self.sum().rational() / RBig::from(self.present))
    }

    /// Σ (x − mean)² / (n − 1), written out as (Σx² − n·mean²) / (n − 1).
    fn variance(&self) -> Option<RBig> {
        let freedom = self.present.checked_sub(1).filter(|freedom| *freedom > 0)?;
        let mean = self.mean()?;
        let squares = self.by_exponent.iter().fold(RBig::ZERO, |sum, (exponent, powers)| {
            sum + RBig::from(powers.second.total()) * power_of_ten(2 * exponent)
        });
        Some((squares - RBig::from(self.present) * &mean * &mean) / RBig::from(freedom))
    }
}

/// The figures of all columns.
pub fn summary(columns: &[(String, ReferenceColumn)], statistics: &[&'static str]) -> Summary {
    let columns = columns.iter().map(|(name, column)| column.summary(name, statistics)).collect();
    Summary { statistics: statistics.to_vec(), columns }
}
