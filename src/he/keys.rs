//! The secret key of one job.

use rand_core::Rng;
use tfhe::core_crypto::prelude::{GlweSecretKey, PolynomialSize};

use super::error::HeError;
use super::parameters::POLYNOMIAL_SIZE;
use super::ring::BinaryProduct;
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// Bytes of a packed key: one bit per coefficient.
pub const KEY_BYTES: usize = POLYNOMIAL_SIZE / 8;

/// A uniform binary GLWE secret key of dimension k = 1 with [`POLYNOMIAL_SIZE`] coefficients; wiped when dropped.
#[derive(Debug)]
pub struct SecretKey {
    coefficients: Secret<Vec<u64>>,
}

impl SecretKey {
    /// Draws a fresh key. Every job gets its own.
    pub fn generate(random: &mut Randomness) -> Self {
        let mut packed = Secret::new([0; KEY_BYTES]);
        random.fill_bytes(packed.expose_mut());
        Self::unpack(packed.expose())
    }

    /// Returns the key whose coefficient i is bit `i mod 8` of byte `⌊i/8⌋`.
    pub fn unpack(packed: &[u8; KEY_BYTES]) -> Self {
        let bit = |i: usize| u64::from(packed[i / 8] >> (i % 8) & 1);
        Self { coefficients: Secret::new((0..POLYNOMIAL_SIZE).map(bit).collect()) }
    }

    /// The inverse of [`SecretKey::unpack`].
    pub fn pack(&self) -> Secret<[u8; KEY_BYTES]> {
        let mut packed = Secret::new([0; KEY_BYTES]);
        for (i, bit) in self.coefficients.expose().iter().enumerate() {
            packed.expose_mut()[i / 8] |= u8::from(*bit == 1) << (i % 8);
        }
        packed
    }

    /// Returns the key as a tfhe-rs key, without a copy.
    pub fn as_glwe(&self) -> GlweSecretKey<&[u64]> {
        GlweSecretKey::from_container(self.coefficients.expose().as_slice(), PolynomialSize(POLYNOMIAL_SIZE))
    }

    /// Precomputes the transform of the key, for products of polynomials with it.
    ///
    /// # Errors
    /// [`HeError::Transform`] as [`BinaryProduct::new`].
    pub(super) fn product(&self) -> Result<BinaryProduct, HeError> {
        BinaryProduct::new(self.coefficients.expose()).ok_or(HeError::Transform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_key_survives_packing_and_is_balanced() {
        let key = SecretKey::generate(&mut Randomness::from_seed([1; 32]));
        let again = SecretKey::unpack(key.pack().expose());
        assert_eq!(key.as_glwe().as_ref(), again.as_glwe().as_ref());
        let ones: u64 = key.as_glwe().as_ref().iter().sum();
        // Mean 2048 and standard deviation 32: 8 standard deviations to either side.
        assert!((1792..=2304).contains(&ones), "{ones}");
    }

    #[test]
    fn debug_shows_no_coefficient() {
        let key = SecretKey::generate(&mut Randomness::from_seed([1; 32]));
        assert_eq!(format!("{key:?}"), "SecretKey { coefficients: [secret] }");
    }
}
