//! Exact products with a binary polynomial modulo X^N + 1 and 2^64, by number-theoretic transforms.
//!
//! `tfhe-ntt` computes the integer product modulo a few primes and combines the residues by the Chinese remainder
//! theorem. Its plans for a binary operand transform that operand for every product. Our binary operand is always the
//! secret key. Keeping its transform saves a third of the time, but the pointwise products need plans of the individual
//! primes. `tfhe-ntt` does not export its primes, so they are repeated here and the crate's version is pinned. The
//! tests compare with the schoolbook product and with tfhe's, coefficient by coefficient.

use tfhe_ntt::{native_binary64, prime32, prime64};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::parameters::POLYNOMIAL_SIZE;

/// Primes of `native_binary64::Plan32`.
const PRIMES_32: [u32; 3] = [0x3F5A_0001, 0x3F5D_0001, 0x3F76_0001];

/// Primes of `native_binary64::Plan52`.
#[cfg(target_arch = "x86_64")]
const PRIMES_52: [u64; 2] = [0x3_FFFF_FE77_0001, 0x3_FFFF_FEB9_0001];

/// Multiplies polynomials of N words by one fixed binary polynomial.
pub(super) enum BinaryProduct {
    /// With AVX-512 IFMA: two primes of 50 bits.
    #[cfg(target_arch = "x86_64")]
    Wide(Box<WideProduct>),
    /// On any processor: three primes of 30 bits.
    Narrow(Box<NarrowProduct>),
}

impl BinaryProduct {
    /// Precomputes the transform of `binary`, N coefficients that are 0 or 1, for the fastest method that the processor
    /// supports.
    ///
    /// Returns `None` only if N has no transform, which the tests exclude.
    pub(super) fn new(binary: &[u64]) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = WideProduct::new(binary) {
            return Some(Self::Wide(Box::new(wide)));
        }
        NarrowProduct::new(binary).map(|narrow| Self::Narrow(Box::new(narrow)))
    }

    /// `product = polynomial · binary`.
    pub(super) fn multiply(&self, polynomial: &[u64], product: &mut [u64]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Wide(wide) => wide.multiply(polynomial, product),
            Self::Narrow(narrow) => narrow.multiply(polynomial, product),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(ZeroizeOnDrop)]
pub(super) struct WideProduct {
    #[zeroize(skip)]
    plan: native_binary64::Plan52,
    #[zeroize(skip)]
    primes: [prime64::Plan; 2],
    transformed: [Vec<u64>; 2],
}

#[cfg(target_arch = "x86_64")]
impl WideProduct {
    fn new(binary: &[u64]) -> Option<Self> {
        let plan = native_binary64::Plan52::try_new(POLYNOMIAL_SIZE)?;
        let [p0, p1] = PRIMES_52.map(|prime| prime64::Plan::try_new(POLYNOMIAL_SIZE, prime));
        let mut transformed = [vec![0; POLYNOMIAL_SIZE], vec![0; POLYNOMIAL_SIZE]];
        let [t0, t1] = &mut transformed;
        plan.fwd_binary(binary, t0, t1);
        Some(Self { plan, primes: [p0?, p1?], transformed })
    }

    fn multiply(&self, polynomial: &[u64], product: &mut [u64]) {
        // Residues of a·s: together with the public a they would reveal s.
        let mut residues = Zeroizing::new([[0; POLYNOMIAL_SIZE]; 2]);
        let [r0, r1] = &mut *residues;
        self.plan.fwd(polynomial, r0, r1);
        for ((prime, residue), transformed) in self.primes.iter().zip([&mut *r0, &mut *r1]).zip(&self.transformed) {
            prime.mul_assign_normalize(residue, transformed);
        }
        self.plan.inv(product, r0, r1);
    }
}

#[derive(ZeroizeOnDrop)]
pub(super) struct NarrowProduct {
    #[zeroize(skip)]
    plan: native_binary64::Plan32,
    #[zeroize(skip)]
    primes: [prime32::Plan; 3],
    transformed: [Vec<u32>; 3],
}

impl NarrowProduct {
    fn new(binary: &[u64]) -> Option<Self> {
        let plan = native_binary64::Plan32::try_new(POLYNOMIAL_SIZE)?;
        let [p0, p1, p2] = PRIMES_32.map(|prime| prime32::Plan::try_new(POLYNOMIAL_SIZE, prime));
        let mut transformed = [const { Vec::new() }; 3];
        for residues in &mut transformed {
            residues.resize(POLYNOMIAL_SIZE, 0);
        }
        let [t0, t1, t2] = &mut transformed;
        plan.fwd_binary(binary, t0, t1, t2);
        Some(Self { plan, primes: [p0?, p1?, p2?], transformed })
    }

    fn multiply(&self, polynomial: &[u64], product: &mut [u64]) {
        let mut residues = Zeroizing::new([[0; POLYNOMIAL_SIZE]; 3]);
        let [r0, r1, r2] = &mut *residues;
        self.plan.fwd(polynomial, r0, r1, r2);
        let each = self.primes.iter().zip([&mut *r0, &mut *r1, &mut *r2]).zip(&self.transformed);
        for ((prime, residue), transformed) in each {
            prime.mul_assign_normalize(residue, transformed);
        }
        self.plan.inv(product, r0, r1, r2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random::Randomness;
    use rand_core::{Rng, SeedableRng};

    /// The schoolbook product, straight from the definition.
    fn schoolbook(a: &[u64], s: &[u64]) -> Vec<u64> {
        let mut product = vec![0_u64; POLYNOMIAL_SIZE];
        for (i, bit) in s.iter().enumerate().filter(|(_, bit)| **bit == 1) {
            for (j, word) in a.iter().enumerate() {
                let term = word.wrapping_mul(*bit);
                match i + j {
                    degree if degree < POLYNOMIAL_SIZE => product[degree] = product[degree].wrapping_add(term),
                    degree => product[degree - POLYNOMIAL_SIZE] = product[degree - POLYNOMIAL_SIZE].wrapping_sub(term),
                }
            }
        }
        product
    }

    #[test]
    fn both_methods_give_the_schoolbook_product() {
        let mut random = Randomness::from_seed([3; 32]);
        let polynomials: [Vec<u64>; 3] = [
            (0..POLYNOMIAL_SIZE).map(|_| random.next_u64()).collect(),
            vec![u64::MAX; POLYNOMIAL_SIZE],
            (0..POLYNOMIAL_SIZE as u64).collect(),
        ];
        let secrets: [Vec<u64>; 2] =
            [(0..POLYNOMIAL_SIZE).map(|_| random.next_u64() & 1).collect(), vec![1; POLYNOMIAL_SIZE]];
        for secret in &secrets {
            let narrow = NarrowProduct::new(secret).unwrap();
            let fastest = BinaryProduct::new(secret).unwrap();
            for polynomial in &polynomials {
                let expected = schoolbook(polynomial, secret);
                let mut product = vec![0; POLYNOMIAL_SIZE];
                narrow.multiply(polynomial, &mut product);
                assert!(product == expected);
                product.fill(0);
                fastest.multiply(polynomial, &mut product);
                assert!(product == expected);
            }
        }
    }
}
