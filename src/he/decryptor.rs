//! Client side: decrypts totals to exact integers.
//!
//! Decrypt only totals that are known, byte by byte, to be the sum of the owner's own dataset. A server that learns
//! anything about the decryption of other ciphertexts, even only whether it looked right, can recover the key and the
//! data bit by bit.

use zeroize::Zeroizing;

use super::error::HeError;
use super::evaluator::LaneTotals;
use super::glwe;
use super::keys::SecretKey;
use super::layout::Layout;
use super::parameters::POLYNOMIAL_SIZE;

/// Decrypts the totals of each segment and adds them up.
pub struct Decryptor<'k> {
    key: &'k SecretKey,
    layout: &'k Layout,
    segments: u64,
    totals: Zeroizing<Vec<u128>>,
}

impl<'k> Decryptor<'k> {
    /// Creates a decryptor of totals with this layout.
    pub fn new(key: &'k SecretKey, layout: &'k Layout) -> Self {
        Self { key, layout, segments: 0, totals: Zeroizing::new(vec![0; layout.slots()]) }
    }

    /// Decrypts the totals of the next segment, all its lanes, and adds them up.
    ///
    /// # Errors
    /// [`HeError::Layout`] if the number or length of the lanes does not match the layout.
    pub fn add_segment(&mut self, lanes: &[LaneTotals]) -> Result<(), HeError> {
        let shape = |lane: &LaneTotals| (lane.mask.len(), lane.body.len());
        let expected = self.layout.widths().iter().map(|width| (POLYNOMIAL_SIZE, *width));
        if !lanes.iter().map(shape).eq(expected) {
            return Err(HeError::Layout);
        }
        let mut totals = self.totals.iter_mut();
        for lane in lanes {
            let phases = glwe::decrypt(self.key, &glwe::glwe(&lane.mask, &lane.body));
            for (phase, total) in phases.iter().take(lane.body.len()).zip(&mut totals) {
                *total += u128::from(glwe::decode(*phase));
            }
        }
        self.segments += 1;
        Ok(())
    }

    /// Returns the total of every slot over all rows.
    ///
    /// # Errors
    /// [`HeError::Layout`] if there were too few or too many segments.
    pub fn finish(self) -> Result<Zeroizing<Vec<u128>>, HeError> {
        if self.segments == self.layout.segments() { Ok(self.totals) } else { Err(HeError::Layout) }
    }
}
