//! The owner's part: encrypted totals become exact integers, but only after they passed the check.

use zeroize::Zeroizing;

use super::bridge;
use super::checksum::Checksum;
use super::evaluator::LaneTotals;
use super::keys::SecretKey;
use super::layout::Layout;
use super::parameters::POLYNOMIAL_SIZE;
use crate::foundation::secret::Secret;

/// The totals do not have the checksum that the client kept: whoever computed them did not add this dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// Decrypts segment after segment; gives the totals only as a whole and only if they are honest.
pub struct Decryptor<'k> {
    key: &'k SecretKey,
    layout: &'k Layout,
    checksum: Checksum,
    segments: u64,
    totals: Zeroizing<Vec<u128>>,
}

impl<'k> Decryptor<'k> {
    /// A decryptor of totals with this layout; `checksum` is the empty one under the job's check key.
    pub fn new(key: &'k SecretKey, layout: &'k Layout, checksum: Checksum) -> Self {
        let totals = Zeroizing::new(vec![0; layout.slots()]);
        Self { key, layout, checksum, segments: 0, totals }
    }

    /// Takes the next segment's totals, all lanes of it.
    ///
    /// # Errors
    /// [`Refused`] if they do not have the layout's shape.
    pub fn add_segment(&mut self, lanes: &[LaneTotals]) -> Result<(), Refused> {
        let shape = |lane: &LaneTotals| (lane.mask.len(), lane.body.len());
        let expected = self.layout.widths().iter().map(|width| (POLYNOMIAL_SIZE, *width));
        if !lanes.iter().map(shape).eq(expected) {
            return Err(Refused);
        }
        let mut first_slot = 0;
        for lane in lanes {
            let phases = bridge::decrypt(self.key, &bridge::glwe(&lane.mask, &lane.body));
            let decoded = phases.iter().take(lane.body.len()).map(|phase| bridge::decode(*phase));
            let values = Zeroizing::new(decoded.collect::<Vec<u64>>());
            self.checksum.add_segment(self.segments, first_slot as u64, &values);
            for (total, value) in self.totals.iter_mut().skip(first_slot).zip(values.iter()) {
                *total += u128::from(*value);
            }
            first_slot += values.len();
        }
        self.segments += 1;
        Ok(())
    }

    /// The total of every slot over all rows, if the checksum over all segments is `expected`.
    ///
    /// # Errors
    /// [`Refused`] otherwise; nothing is learned but that.
    pub fn finish(self, expected: &Secret<u64>) -> Result<Zeroizing<Vec<u128>>, Refused> {
        let whole = self.segments == self.layout.segments();
        if whole && self.checksum.equals(expected) { Ok(self.totals) } else { Err(Refused) }
    }
}
