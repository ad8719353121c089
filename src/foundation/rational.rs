//! Rounds exact rationals to the nearest double: the last step of a statistic, and the only one in floating point.

use dashu_int::{
    IBig, UBig,
    ops::{BitTest, SquareRootRem},
};
use dashu_ratio::RBig;

/// Returns 10^exponent, exactly.
pub fn power_of_ten(exponent: i32) -> RBig {
    let power = UBig::from(10_u8).pow(exponent.unsigned_abs() as usize);
    if exponent < 0 { RBig::from_parts(IBig::ONE, power) } else { RBig::from(power) }
}

/// Returns the double nearest to `value`, ties to even (IEEE 754-2019 §4.3.1).
pub fn nearest(value: &RBig) -> f64 {
    value.to_f64().value()
}

/// Returns the double nearest to √`value`, ties to even; `None` if `value` is negative.
///
/// With p/q = value and r = ⌊√(p·q·4^k)⌋, the root lies in [r, r+1) / (q·2^k). For k = 64 + the number of bits of q,
/// the root is at least 2^64 in units of 2^-k. So the midpoint of any two neighbouring doubles there is a multiple of
/// 1/(q·2^k), none falls strictly between r and r+1, and only whether the remainder is zero matters.
pub fn nearest_root(value: &RBig) -> Option<f64> {
    let (numerator, denominator) = value.clone().into_parts();
    let numerator = UBig::try_from(numerator).ok()?;
    let scale = 64 + denominator.bit_len();
    let (root, remainder) = ((&numerator * &denominator) << (2 * scale)).sqrt_rem();
    let sticky = u8::from(!remainder.is_zero());
    let odd_if_inexact = (root << 1) + UBig::from(sticky);
    let halved = RBig::from_parts(odd_if_inexact.into(), denominator << (scale + 1));
    Some(nearest(&halved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(numerator: i128, denominator: u128) -> RBig {
        RBig::from_parts(numerator.into(), denominator.into())
    }

    #[test]
    fn exact_roots_are_exact() {
        assert_eq!(nearest_root(&ratio(9, 4)), Some(1.5));
        assert_eq!(nearest_root(&ratio(0, 1)), Some(0.0));
        assert_eq!(nearest_root(&ratio(-1, 4)), None);
        assert_eq!(nearest_root(&ratio(2, 1)), Some(std::f64::consts::SQRT_2));
    }

    #[test]
    fn powers_of_ten_are_exact() {
        assert_eq!(power_of_ten(-2), ratio(1, 100));
        assert_eq!(power_of_ten(3), ratio(1000, 1));
    }

    proptest! {
        /// A root r is nearest when the value lies between the squares of the midpoints to r's neighbours.
        #[test]
        fn roots_are_the_nearest_doubles(numerator in 1..i128::MAX, denominator in 1..u128::MAX) {
            let value = ratio(numerator, denominator);
            let root = nearest_root(&value).unwrap();
            let exact = |double: f64| RBig::try_from(double).unwrap();
            let middle = |a: f64, b: f64| (exact(a) + exact(b)) / RBig::from(2);
            let below = middle(root.next_down(), root);
            let above = middle(root, root.next_up());
            prop_assert!(&below * &below <= value && value <= &above * &above);
        }
    }
}
