//! Masks: the uniform half of a ciphertext, expanded from a public seed.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::error::HeError;
use super::wrapping;

/// The public seed of a block's mask. A seed is never used for a second block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskSeed(pub [u8; 16]);

impl MaskSeed {
    /// Returns the seed as stored in a file: two little-endian words.
    pub fn words(self) -> [u64; 2] {
        bytemuck::cast(self.0)
    }

    /// Returns the seed that is stored as these two words.
    pub fn from_words(words: [u64; 2]) -> Self {
        Self(bytemuck::cast(words))
    }
}

/// Fills `mask` (N words) with the AES-128-CTR keystream of `seed`: counter block 0 first, counted as a 128-bit
/// big-endian integer (NIST SP 800-38A §6.5), read as little-endian words.
///
/// # Errors
/// [`HeError::Mask`], which a working library never returns.
pub fn expand(seed: MaskSeed, mask: &mut [u64]) -> Result<(), HeError> {
    let mut keystream = Keystream::new(seed)?;
    mask.chunks_mut(CHUNK_WORDS).try_for_each(|chunk| keystream.next(chunk))
}

/// Adds the masks of `seeds` to `sum` (N words). Equals [`expand`] and adding, but the masks stay in the L1 cache.
///
/// # Errors
/// As [`expand`].
pub fn add(seeds: &[MaskSeed], sum: &mut [u64]) -> Result<(), HeError> {
    let mut chunks = [[0; CHUNK_WORDS]; BATCH];
    for seeds in seeds.chunks(BATCH) {
        let mut streams = seeds.iter().map(|seed| Keystream::new(*seed)).collect::<Result<Vec<_>, _>>()?;
        for sum in sum.chunks_mut(CHUNK_WORDS) {
            let mut expanded = Vec::with_capacity(BATCH);
            for (stream, chunk) in streams.iter_mut().zip(&mut chunks) {
                let chunk = chunk.get_mut(..sum.len()).ok_or(HeError::Mask)?;
                stream.next(chunk)?;
                expanded.push(&*chunk);
            }
            wrapping::add_all(sum, &expanded);
        }
    }
    Ok(())
}

/// The number of masks that are added at a time.
const BATCH: usize = 4;

/// The number of words of a mask that are expanded at a time.
const CHUNK_WORDS: usize = 1024;

/// The plaintext whose encryption is the keystream.
static ZEROS: [u8; 8 * CHUNK_WORDS] = [0; 8 * CHUNK_WORDS];

/// The keystream of a seed, generated chunk by chunk.
struct Keystream(StreamingEncryptingKey);

impl Keystream {
    fn new(seed: MaskSeed) -> Result<Self, HeError> {
        let key = UnboundCipherKey::new(&AES_128, &seed.0).map_err(|_| HeError::Mask)?;
        let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        StreamingEncryptingKey::less_safe_ctr(key, start).map(Self).map_err(|_| HeError::Mask)
    }

    fn next(&mut self, chunk: &mut [u64]) -> Result<(), HeError> {
        let zeros = ZEROS.get(..8 * chunk.len()).ok_or(HeError::Mask)?;
        self.0.less_safe_update(zeros, bytemuck::cast_slice_mut(chunk)).map_err(|_| HeError::Mask)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::he::parameters::POLYNOMIAL_SIZE;

    #[test]
    fn adding_masks_equals_expanding_and_adding() {
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
