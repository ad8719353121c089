//! Encrypts plaintext blocks to GLWE ciphertexts, in parallel on all cores.

use rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::error::HeError;
use super::keys::SecretKey;
use super::layout::SEED_WORDS;
use super::mask::{self, MaskSeed};
use super::noise::{self, Noise};
use super::packer::PlainBlock;
use super::parameters::{DELTA_BITS, POLYNOMIAL_SIZE};
use super::ring::BinaryProduct;
use crate::foundation::random::Randomness;

/// Encrypts blocks under one key.
pub struct Encryptor {
    product: BinaryProduct,
    mask_seeds: Randomness,
    noise_seeds: Randomness,
}

/// The seeds of one block. The seed of the mask is public, the seed of the noise is secret.
struct Seeds {
    mask: MaskSeed,
    noise: Zeroizing<[u8; 32]>,
}

impl Encryptor {
    /// Creates an encryptor with `key`. Public and secret seeds come from two generators, both seeded from `random`.
    ///
    /// # Errors
    /// [`HeError::Transform`], which the tests exclude.
    pub fn new(key: &SecretKey, mut random: Randomness) -> Result<Self, HeError> {
        let product = key.product()?;
        let [mask_seeds, noise_seeds] = [(); 2].map(|()| Randomness::from_rng(&mut random));
        Ok(Self { product, mask_seeds, noise_seeds })
    }

    /// Encrypts `blocks`, each with fresh seeds; returns mask seed and body of each, concatenated as stored in a file.
    ///
    /// # Errors
    /// [`HeError::Layout`] if a block is larger than a polynomial, [`HeError::Mask`].
    pub fn encrypt(&mut self, blocks: &[PlainBlock]) -> Result<Vec<u64>, HeError> {
        let mut words = vec![0; blocks.iter().map(|plain| plain.block.words()).sum()];
        let mut work = Vec::with_capacity(blocks.len());
        let mut rest = words.as_mut_slice();
        for plain in blocks {
            let (own, others) = rest.split_at_mut_checked(plain.block.words()).ok_or(HeError::Layout)?;
            rest = others;
            work.push((plain, self.draw_seeds(), own));
        }
        let product = &self.product;
        work.into_par_iter().try_for_each(|(plain, seeds, out)| {
            let noise = noise::draw(&mut Randomness::from_seed(*seeds.noise));
            encrypt_block(product, seeds.mask, &plain.values, &noise, out)
        })?;
        Ok(words)
    }

    /// Computes only `product = mask · key`, for comparison in the benchmarks.
    #[doc(hidden)]
    pub fn multiply(&self, mask: &[u64], product: &mut [u64]) {
        self.product.multiply(mask, product);
    }

    fn draw_seeds(&mut self) -> Seeds {
        let mut mask = [0; 16];
        self.mask_seeds.fill_bytes(&mut mask);
        let mut noise = Zeroizing::new([0; 32]);
        self.noise_seeds.fill_bytes(noise.as_mut());
        Seeds { mask: MaskSeed(mask), noise }
    }
}

/// Encrypts one block: writes its mask seed and the coefficients of b = a·s + Δ·m + e for which m has values to `out`.
pub(super) fn encrypt_block(
    product: &BinaryProduct,
    seed: MaskSeed,
    values: &[u32],
    noise: &Noise,
    out: &mut [u64],
) -> Result<(), HeError> {
    let mut mask = [0; POLYNOMIAL_SIZE];
    mask::expand(seed, &mut mask)?;
    let mut masking = Zeroizing::new([0; POLYNOMIAL_SIZE]);
    product.multiply(&mask, masking.as_mut());
    let (seed_words, body) = out.split_at_mut_checked(SEED_WORDS).ok_or(HeError::Layout)?;
    if body.len() != values.len() || body.len() > POLYNOMIAL_SIZE {
        return Err(HeError::Layout);
    }
    seed_words.copy_from_slice(&seed.words());
    for (((b, a_s), m), e) in body.iter_mut().zip(masking.iter()).zip(values).zip(noise.iter()) {
        *b = a_s.wrapping_add(u64::from(*m) << DELTA_BITS).wrapping_add_signed(i64::from(*e));
    }
    Ok(())
}
