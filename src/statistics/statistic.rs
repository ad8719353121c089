//! The statistics: each a small type that names the sums it needs and finishes from their exact totals.
//!
//! To add one, write its type and list it in [`ALL`]; nothing else changes while its terms exist.

use dashu_ratio::RBig;

use super::sums::{Sums, Term};
use super::value::Value;
use crate::foundation::rational::{nearest, nearest_root};

/// A figure about one column.
pub trait Statistic: Sync {
    /// Its name on the command line and in the header of the results.
    fn name(&self) -> &'static str;

    /// The sums over rows that it is finished from.
    fn terms(&self) -> &'static [Term];

    /// The figure itself. Sums that [`Statistic::terms`] does not name may be absent.
    fn finish(&self, sums: &Sums) -> Value;
}

/// All statistics, in the order of the results' columns.
pub static ALL: [&dyn Statistic; 6] = [&Count, &Missing, &Sum, &Mean, &Variance, &StandardDeviation];

/// The statistic called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Statistic> {
    ALL.into_iter().find(|statistic| statistic.name() == name)
}

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
}

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
}

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
}

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
}

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
}

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
}

/// (n·Σx² − (Σx)²) / (n·(n−1)), exactly; none for n < 2.
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
    fn textbook_figures() {
        // 2, 4, 4, 4, 5, 5, 7, 9: Σ = 40, Σx² = 232, sample variance 32/7.
        let figures = finish_all(&sums(8, 40, 232));
        assert_eq!(figures, ["8", "3", "40", "5", "4.571428571428571", "2.138089935299395"]);
    }

    #[test]
    fn one_value_has_no_variance_and_none_has_no_mean() {
        assert_eq!(finish_all(&sums(1, 5, 25)), ["1", "3", "5", "5", "", ""]);
        assert_eq!(finish_all(&sums(0, 0, 0)), ["0", "3", "0", "", "", ""]);
    }

    #[test]
    fn names_find_their_statistic() {
        assert!(ALL.iter().all(|statistic| by_name(statistic.name()).is_some()));
        assert!(by_name("median").is_none());
    }
}
