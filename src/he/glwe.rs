//! Converts masks and bodies to tfhe-rs ciphertexts, and decrypts them with tfhe-rs.

use tfhe::core_crypto::prelude::{
    CiphertextModulus, GlweCiphertext, PlaintextList, PolynomialSize, decrypt_glwe_ciphertext,
};
use zeroize::Zeroizing;

use super::keys::SecretKey;
use super::parameters::{DELTA_BITS, POLYNOMIAL_SIZE};

/// Returns the ciphertext (a, b). Body coefficients beyond `body` are 0, and their plaintexts are meaningless.
pub fn glwe(mask: &[u64], body: &[u64]) -> GlweCiphertext<Vec<u64>> {
    let mut container = mask.to_vec();
    container.resize(POLYNOMIAL_SIZE, 0);
    container.extend_from_slice(body);
    container.resize(2 * POLYNOMIAL_SIZE, 0);
    GlweCiphertext::from_container(container, PolynomialSize(POLYNOMIAL_SIZE), CiphertextModulus::new_native())
}

/// Returns the phase b − a·s, N words, computed by tfhe-rs.
pub fn decrypt(key: &SecretKey, ciphertext: &GlweCiphertext<Vec<u64>>) -> Zeroizing<Vec<u64>> {
    let mut phase = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
    let mut list = PlaintextList::from_container(phase.as_mut_slice());
    decrypt_glwe_ciphertext(&key.as_glwe(), ciphertext, &mut list);
    phase
}

/// Returns the plaintext below 2^40 nearest to `phase` / Δ.
pub fn decode(phase: u64) -> u64 {
    phase.wrapping_add(1 << (DELTA_BITS - 1)) >> DELTA_BITS
}
