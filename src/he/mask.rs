//! Masks: the uniform half of a ciphertext, grown from a public seed.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::error::HeError;
use super::parameters::POLYNOMIAL_SIZE;

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

const KEYSTREAM_INPUT: [u8; 8 * POLYNOMIAL_SIZE] = [0; 8 * POLYNOMIAL_SIZE];

/// Fills `mask` (N words) with the AES-128-CTR keystream of `seed`: counter block 0 first, counted as a 128-bit
/// big-endian integer (NIST SP 800-38A §6.5), read as little-endian words.
///
/// # Errors
/// [`HeError::Mask`], which a working library never gives.
pub fn expand(seed: MaskSeed, mask: &mut [u64]) -> Result<(), HeError> {
    let input = KEYSTREAM_INPUT.get(..8 * mask.len()).ok_or(HeError::Mask)?;
    let key = UnboundCipherKey::new(&AES_128, &seed.0).map_err(|_| HeError::Mask)?;
    let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    let mut stream = StreamingEncryptingKey::less_safe_ctr(key, start).map_err(|_| HeError::Mask)?;
    stream.less_safe_update(input, bytemuck::cast_slice_mut(mask)).map_err(|_| HeError::Mask)?;
    Ok(())
}
