//! Slots: the small integers that encode a row.
//!
//! Each quantity is split into limbs of [`LIMB_BITS`] bits, one per slot, so that a slot's total over a segment of
//! fewer than 2^20 rows stays below 2^40.

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

use crate::statistics::Term;

/// The number of bits of a slot value.
pub const LIMB_BITS: u32 = 20;
const LIMB_MASK: u128 = (1 << LIMB_BITS) - 1;

/// Adjacent slots that hold the limbs of one term of one column, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotGroup {
    /// The term whose sum the slots encode.
    pub(super) term: Term,
    /// The number of slots.
    limbs: u8,
}

/// The number of limbs of the largest term, the square of 128 bits, fits in a `u8`.
const _: () = assert!((2 * u128::BITS).div_ceil(LIMB_BITS) <= u8::MAX as u32);

impl SlotGroup {
    /// Returns the group for `term` of a column whose offsets from its minimum are at most `range`.
    pub(super) fn new(term: Term, range: u128) -> Self {
        let bits = match term {
            Term::Presence => 1,
            Term::Value => u128::BITS - range.leading_zeros(),
            Term::Square => 2 * (u128::BITS - range.leading_zeros()),
        };
        Self { term, limbs: bits.div_ceil(LIMB_BITS).max(1) as u8 }
    }

    /// Returns the number of slots.
    pub(super) fn width(self) -> usize {
        usize::from(self.limbs)
    }

    /// Writes the contribution of a row with `offset` above the minimum to `slots`, which has [`Self::width`] entries.
    pub(super) fn encode(self, offset: u128, slots: &mut [u32]) {
        match self.term {
            Term::Presence => write_limbs(1, 0, slots),
            Term::Value => write_limbs(offset, 0, slots),
            Term::Square => {
                let (low, high) = offset.carrying_mul(offset, 0);
                write_limbs(low, high, slots);
            }
        }
    }
}

/// Returns the integer whose limbs, lowest first, have these totals.
pub(super) fn join_limbs(totals: &[u128]) -> UBig {
    totals.iter().rev().fold(UBig::ZERO, |sum, limb| (sum << LIMB_BITS as usize) + UBig::from(*limb))
}

/// Splits `high · 2^128 + low` into limbs.
fn write_limbs(mut low: u128, mut high: u128, slots: &mut [u32]) {
    if let (Ok(mut small), 0) = (u64::try_from(low), high) {
        // The usual case. With one machine word, the loop is twice as fast as with four.
        for slot in slots {
            *slot = (small & LIMB_MASK as u64) as u32;
            small >>= LIMB_BITS;
        }
        return;
    }
    for slot in slots {
        *slot = (low & LIMB_MASK) as u32;
        low = (low >> LIMB_BITS) | (high << (u128::BITS - LIMB_BITS));
        high >>= LIMB_BITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn limbs_encode_the_term(offset in 0_u128..(1 << 120), shift in 0..120_u32) {
            let offset = offset >> shift;
            for (term, expected) in [
                (Term::Presence, UBig::ONE),
                (Term::Value, UBig::from(offset)),
                (Term::Square, UBig::from(offset) * UBig::from(offset)),
            ] {
                let group = SlotGroup::new(term, offset);
                let mut slots = vec![0; group.width()];
                group.encode(offset, &mut slots);
                prop_assert!(slots.iter().all(|slot| u128::from(*slot) <= LIMB_MASK));
                let totals: Vec<u128> = slots.into_iter().map(u128::from).collect();
                prop_assert_eq!(join_limbs(&totals), expected);
            }
        }
    }
}
