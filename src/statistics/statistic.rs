//! The statistics: each is a small type that names the sums it needs and computes its value from their exact totals.
//!
//! To add one, write its type and list it in [`ALL`]. If its terms exist, nothing else changes.

use std::fmt::Debug;

use dashu_ratio::RBig;

use super::reference::ReferenceColumn;
use super::sums::{Sums, Term};
use super::value::Value;
use crate::foundation::rational::{nearest, nearest_root};

/// A statistic of one column.
pub trait Statistic: Debug + Sync {
    /// Returns the name on the command line and in the header of the results.
    fn name(&self) -> &'static str;

    /// Returns the sums over rows that it is computed from.
    fn terms(&self) -> &'static [Term];

    /// Computes the value. Sums that are not among [`Statistic::terms`] may be absent.
    fn finish(&self, sums: &Sums) -> Value;

    /// Computes the value from clear data, by an independent formula.
    fn reference(&self, column: &ReferenceColumn) -> Value;
}

/// All statistics, in the order of the columns of the results.
pub static ALL: [&dyn Statistic; 6] = [&Count, &Missing, &Sum, &Mean, &Variance, &StandardDeviation];

/// Returns the statistic called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Statistic> {
    ALL.into_iter().find(|statistic| statistic.name() == name)
}

#[derive(Debug)]
struct Count;

impl Statistic for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn terms(&self) -> &'static [Term] {
        &[Term::Presence]
    }

    fn finish(&self, sums: &Sums) -> Value {
        Value::Count(sums.present)
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        Value::Count(column.present())
    }
}

#[derive(Debug)]
struct Missing;

impl Statistic for Missing {
    fn name(&self) -> &'static str {
        "missing"
    }

    fn terms(&self) -> &'static [Term] {
        &[Term::Presence]
    }

    fn finish(&self, sums: &Sums) -> Value {
        Value::Count(sums.rows - sums.present)
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        Value::Count(column.missing())
    }
}

#[derive(Debug)]
struct Sum;

impl Statistic for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn terms(&self) -> &'static [Term] {
        &[Term::Value]
    }

    fn finish(&self, sums: &Sums) -> Value {
        Value::Exact(sums.value.clone())
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        Value::Exact(column.sum())
    }
}

#[derive(Debug)]
struct Mean;

impl Statistic for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn terms(&self) -> &'static [Term] {
        &[Term::Presence, Term::Value]
    }

    fn finish(&self, sums: &Sums) -> Value {
        match sums.present {
            0 => Value::Undefined,
            present => Value::Double(nearest(&(sums.value.rational() / RBig::from(present)))),
        }
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        column.mean().map_or(Value::Undefined, |mean| Value::Double(nearest(&mean)))
    }
}

#[derive(Debug)]
struct Variance;

impl Statistic for Variance {
    fn name(&self) -> &'static str {
        "variance"
    }

    fn terms(&self) -> &'static [Term] {
        &[Term::Presence, Term::Value, Term::Square]
    }

    fn finish(&self, sums: &Sums) -> Value {
        sample_variance(sums).map_or(Value::Undefined, |variance| Value::Double(nearest(&variance)))
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        column.variance().map_or(Value::Undefined, |variance| Value::Double(nearest(&variance)))
    }
}

#[derive(Debug)]
struct StandardDeviation;

impl Statistic for StandardDeviation {
    fn name(&self) -> &'static str {
        "std"
    }

    fn terms(&self) -> &'static [Term] {
        Variance.terms()
    }

    fn finish(&self, sums: &Sums) -> Value {
        let root = sample_variance(sums).and_then(|variance| nearest_root(&variance));
        root.map_or(Value::Undefined, Value::Double)
    }

    fn reference(&self, column: &ReferenceColumn) -> Value {
        let root = column.variance().and_then(|variance| nearest_root(&variance));
        root.map_or(Value::Undefined, Value::Double)
    }
}

/// Returns (n·Σx² − (Σx)²) / (n·(n−1)), exactly; `None` for n < 2.
fn sample_variance(sums: &Sums) -> Option<RBig> {
    let n = RBig::from(sums.present);
    let freedom = RBig::from(sums.present.checked_sub(1).filter(|freedom| *freedom > 0)?);
    let value = sums.value.rational();
    let spread = &n * sums.square.as_ref()?.rational() - &value * &value;
    Some(spread / (n * freedom))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::big_decimal::BigDecimal;

    fn sums(present: u64, value: i64, square: i64) -> Sums {
        let exact = |integer: i64| BigDecimal::new(integer.into(), 0);
        Sums { rows: present + 3, present, value: exact(value), square: Some(exact(square)) }
    }

    fn finish_all(sums: &Sums) -> Vec<String> {
        ALL.iter().map(|statistic| statistic.finish(sums).to_string()).collect()
    }

    #[test]
    fn textbook_example() {
        // 2, 4, 4, 4, 5, 5, 7, 9: Σ = 40, Σx² = 232, sample variance 32/7.
        let values = finish_all(&sums(8, 40, 232));
        assert_eq!(values, ["8", "3", "40", "5", "4.571428571428571", "2.138089935299395"]);
    }

    #[test]
    fn one_value_has_no_variance_and_no_value_has_no_mean() {
        assert_eq!(finish_all(&sums(1, 5, 25)), ["1", "3", "5", "5", "", ""]);
        assert_eq!(finish_all(&sums(0, 0, 0)), ["0", "3", "0", "", "", ""]);
    }

    #[test]
    fn every_statistic_is_found_by_its_name() {
        assert!(ALL.iter().all(|statistic| by_name(statistic.name()).is_some()));
        assert!(by_name("median").is_none());
    }
}
