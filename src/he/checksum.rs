//! The check that catches a cheating server.
//!
//! While the client encodes, it also adds the slots in the clear: S_j per slot and segment. It keeps of them only
//! `c = Σ r_j·S_j mod p` with secret random r_j, and what the server's answer decrypts to must give the same c before
//! anyone sees it. This is the universal hash of Carter and Wegman (*New hash functions and their use in authentication
//! and set equality*, 1981): whatever other totals the server makes it decrypt to, chosen without knowing r, pass with
//! probability 1/p. So no crafted answer can be used to read the key out of the results.

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// p = 2^60 − 93, a prime above any slot total.
pub const MODULUS: u64 = (1 << 60) - 93;

/// Bytes of a check key.
pub const CHECK_KEY_BYTES: usize = 32;

/// The secret from which a job's r_j come; wiped when dropped.
#[derive(Debug)]
pub struct CheckKey(Secret<[u8; CHECK_KEY_BYTES]>);

impl CheckKey {
    /// Draws a fresh key. Every job gets its own.
    pub fn generate(random: &mut Randomness) -> Self {
        let mut key = Secret::new([0; CHECK_KEY_BYTES]);
        random.fill_bytes(key.expose_mut());
        Self(key)
    }

    /// The key in these bytes.
    pub fn from_bytes(bytes: [u8; CHECK_KEY_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The key's bytes, for the key store.
    pub fn expose(&self) -> &[u8; CHECK_KEY_BYTES] {
        self.0.expose()
    }

    /// r for one slot of one segment: BLAKE3 keyed with this key, 128 bits of it modulo p (bias below 2^−67).
    fn coefficient(&self, segment: u64, slot: u64) -> u64 {
        let mut input = [0; 16];
        let (segment_bytes, slot_bytes) = input.split_at_mut(8);
        segment_bytes.copy_from_slice(&segment.to_le_bytes());
        slot_bytes.copy_from_slice(&slot.to_le_bytes());
        let hash = Zeroizing::new(*blake3::keyed_hash(self.0.expose(), &input).as_bytes());
        let wide = hash.iter().take(16).fold(0_u128, |wide, byte| wide << 8 | u128::from(*byte));
        reduce(wide)
    }
}

/// `Σ r_j·S_j mod p` as it grows, segment by segment.
#[derive(Debug)]
pub struct Checksum {
    key: CheckKey,
    sum: Secret<u64>,
}

impl Checksum {
    /// The sum over nothing, under `key`.
    pub fn new(key: CheckKey) -> Self {
        Self { key, sum: Secret::new(0) }
    }

    /// Adds totals of a segment: those of its slots `first_slot`, `first_slot + 1`, …
    pub fn add_segment(&mut self, segment: u64, first_slot: u64, totals: &[u64]) {
        for (slot, total) in (first_slot..).zip(totals) {
            let term = u128::from(self.key.coefficient(segment, slot)) * u128::from(*total);
            let sum = self.sum.expose_mut();
            *sum = reduce(u128::from(*sum) + term);
        }
    }

    /// The key and the sum, for the key store.
    pub fn into_parts(self) -> (CheckKey, Secret<u64>) {
        (self.key, self.sum)
    }

    /// Whether this sum is `expected`; takes the same time either way.
    pub fn equals(&self, expected: &Secret<u64>) -> bool {
        let difference = self.sum.expose() ^ expected.expose();
        std::hint::black_box(difference) == 0
    }
}

fn reduce(wide: u128) -> u64 {
    let remainder = wide % u128::from(MODULUS);
    u64::try_from(remainder).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(segments: &[&[u64]]) -> u64 {
        let mut checksum = Checksum::new(CheckKey::from_bytes([5; 32]));
        for (segment, totals) in (0..).zip(segments) {
            checksum.add_segment(segment, 0, totals);
        }
        *checksum.into_parts().1.expose()
    }

    #[test]
    fn every_change_of_a_total_or_its_place_changes_the_sum() {
        let honest = checksum(&[&[1, 2, 3], &[4, 5, 6]]);
        for forged in [[[1, 2, 4], [4, 5, 6]], [[2, 1, 3], [4, 5, 6]], [[4, 5, 6], [1, 2, 3]], [[0, 0, 0], [0, 0, 0]]] {
            assert_ne!(checksum(&[&forged[0], &forged[1]]), honest, "{forged:?}");
        }
    }

    #[test]
    fn slots_can_come_in_pieces() {
        let mut pieces = Checksum::new(CheckKey::from_bytes([5; 32]));
        pieces.add_segment(0, 0, &[1, 2]);
        pieces.add_segment(0, 2, &[3]);
        assert!(pieces.equals(&Secret::new(checksum(&[&[1, 2, 3]]))));
    }

    #[test]
    fn the_modulus_is_prime() {
        // Fermat's test to a few bases; 2^60 − 93 is in the tables of the largest primes below powers of two.
        for base in [2_u64, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37] {
            let mut power = 1;
            for bit in (0..60).rev() {
                power = reduce(u128::from(power) * u128::from(power));
                if (MODULUS - 1) >> bit & 1 == 1 {
                    power = reduce(u128::from(power) * u128::from(base));
                }
            }
            assert_eq!(power, 1, "base {base}");
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_sum() {
        let shown = format!("{:?}", Checksum::new(CheckKey::from_bytes([5; 32])));
        assert_eq!(shown, "Checksum { key: CheckKey([secret]), sum: [secret] }");
    }
}
