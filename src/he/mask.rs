//! Masks: the uniform half of a ciphertext, grown from a public seed.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::error::HeError;
use super::wrapping;

/// The public seed of a block's mask. One seed serves one block, ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskSeed(pub [u8; 16]);

impl MaskSeed {
    /// The seed as it stands in a file: two little-endian words.
    pub fn words(self) -> [u64; 2] {
        bytemuck::cast(self.0)
    }

    /// The seed that these two words of a file are.
    pub fn from_words(words: [u64; 2]) -> Self {
        Self(bytemuck::cast(words))
    }
}

/// Fills `mask` (N words) with the AES-128-CTR keystream of `seed`: counter block 0 first, counted as a 128-bit
/// big-endian integer (NIST SP 800-38A §6.5), read as little-endian words.
///
/// # Errors
/// [`HeError::Mask`], which a working library never gives.
pub fn expand(seed: MaskSeed, mask: &mut [u64]) -> Result<(), HeError> {
    let mut keystream = Keystream::new(seed)?;
    mask.chunks_mut(PIECE).try_for_each(|piece| keystream.next(piece))
}

/// Adds the masks of `seeds` to `sum` (N words): what [`expand`] gives, but it never leaves the nearest cache.
///
/// # Errors
/// As [`expand`].
pub fn add(seeds: &[MaskSeed], sum: &mut [u64]) -> Result<(), HeError> {
    let mut pieces = [[0; PIECE]; TOGETHER];
    for seeds in seeds.chunks(TOGETHER) {
        let mut streams = seeds.iter().map(|seed| Keystream::new(*seed)).collect::<Result<Vec<_>, _>>()?;
        for sum in sum.chunks_mut(PIECE) {
            let mut made = Vec::with_capacity(TOGETHER);
            for (stream, piece) in streams.iter_mut().zip(&mut pieces) {
                let piece = piece.get_mut(..sum.len()).ok_or(HeError::Mask)?;
                stream.next(piece)?;
                made.push(&*piece);
            }
            wrapping::add_all(sum, &made);
        }
    }
    Ok(())
}

/// Masks that are added together.
const TOGETHER: usize = 4;

/// Words of a mask that are made at a time.
const PIECE: usize = 1024;

/// The keystream is what encrypting these gives.
static ZEROS: [u8; 8 * PIECE] = [0; 8 * PIECE];

/// A seed's keystream, piece after piece.
struct Keystream(StreamingEncryptingKey);

impl Keystream {
    fn new(seed: MaskSeed) -> Result<Self, HeError> {
        let key = UnboundCipherKey::new(&AES_128, &seed.0).map_err(|_| HeError::Mask)?;
        let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        StreamingEncryptingKey::less_safe_ctr(key, start).map(Self).map_err(|_| HeError::Mask)
    }

    fn next(&mut self, piece: &mut [u64]) -> Result<(), HeError> {
        let zeros = ZEROS.get(..8 * piece.len()).ok_or(HeError::Mask)?;
        self.0.less_safe_update(zeros, bytemuck::cast_slice_mut(piece)).map_err(|_| HeError::Mask)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::he::parameters::POLYNOMIAL_SIZE;

    #[test]
    fn adding_masks_is_expanding_them_and_adding() {
        let seeds: Vec<MaskSeed> = (0..6).map(|i| MaskSeed([i; 16])).collect();
        let mut sum: Vec<u64> = (0..POLYNOMIAL_SIZE as u64).map(|i| i << 50).collect();
        let mut expected = sum.clone();
        for seed in &seeds {
            let mut mask = vec![0; POLYNOMIAL_SIZE];
            expand(*seed, &mut mask).unwrap();
            wrapping::add(&mut expected, &mask);
        }
        add(&seeds, &mut sum).unwrap();
        assert_eq!(sum, expected);
    }
}
