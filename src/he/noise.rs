//! Noise: TUniform(3), which tfhe-rs uses with the same k·N and q (`docs/PARAMETERS.md`).

use rand_core::Rng;
use zeroize::Zeroizing;

use super::parameters::POLYNOMIAL_SIZE;
use crate::foundation::random::Randomness;

/// The noise of one block: N integers in [−8, 8], wiped when dropped.
pub type Noise = Zeroizing<[i8; POLYNOMIAL_SIZE]>;

/// Draws the noise of one block.
///
/// TUniform(b) is uniform on [−2^b, 2^b] except for the ends, which have half the weight (Bergerat et al., *TFHE Gets
/// Real*, 2024, §2): a uniform integer in [−2^b, 2^b − 1] plus a uniform bit has exactly this distribution.
pub fn draw(random: &mut Randomness) -> Noise {
    let mut bytes = Zeroizing::new([0_u8; POLYNOMIAL_SIZE]);
    random.fill_bytes(bytes.as_mut());
    let mut noise = Zeroizing::new([0; POLYNOMIAL_SIZE]);
    for (e, byte) in noise.iter_mut().zip(bytes.iter()) {
        let uniform = (byte & 0x0F).cast_signed() - 8;
        *e = uniform + (byte >> 4 & 1).cast_signed();
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn noise_is_tuniform() {
        let mut random = Randomness::from_seed([7; 32]);
        let draws = 500;
        let mut counts = [0_u32; 17];
        for _ in 0..draws {
            for e in draw(&mut random).iter() {
                counts[usize::try_from(e + 8).unwrap()] += 1;
            }
        }
        let total = f64::from(draws) * POLYNOMIAL_SIZE as f64;
        let chi_square: f64 = counts
            .iter()
            .enumerate()
            .map(|(index, count)| {
                let weight = if index == 0 || index == 16 { 1.0 / 32.0 } else { 1.0 / 16.0 };
                (f64::from(*count) - weight * total).powi(2) / (weight * total)
            })
            .sum();
        // 16 degrees of freedom: 39.25 is exceeded by one seed in a thousand; this seed is fixed.
        assert!(chi_square < 39.25, "{chi_square}");
    }
}
