//! Our blocks are tfhe ciphertexts, and tfhe's ciphertexts can be summed and decrypted like our blocks.

use tfhe::core_crypto::prelude::*;
use zeroize::Zeroizing;

use super::{encrypt, random, random_rows, stored_block};
use crate::he::encryptor::encrypt_block;
use crate::he::layout::rows_per_block;
use crate::he::mask::MaskSeed;
use crate::he::noise::Noise;
use crate::he::parameters::{DELTA_BITS, NOISE_BOUND, POLYNOMIAL_SIZE};
use crate::he::{Layout, SecretKey, glwe};

#[test]
fn tfhe_decrypts_our_blocks() {
    let layout = Layout::new(500, 23).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let table = random_rows(500, 23, 8);
    let words = encrypt(&layout, &key, &table);
    let mut rest = words.as_slice();
    for block in layout.blocks() {
        let (own, others) = rest.split_at(block.words());
        rest = others;
        let mut plaintexts = PlaintextList::new(0, PlaintextCount(POLYNOMIAL_SIZE));
        decrypt_glwe_ciphertext(&key.as_glwe(), &stored_block(own), &mut plaintexts);
        let values = table.iter().skip(usize::try_from(block.first_row).unwrap()).take(block.rows).flatten();
        for (phase, value) in plaintexts.as_ref().iter().zip(values) {
            let error = phase.wrapping_sub(u64::from(*value) << DELTA_BITS).cast_signed();
            assert!(error.unsigned_abs() <= NOISE_BOUND, "{error}");
        }
    }
}

/// With the same mask and noise, our ciphertext equals tfhe's, word by word.
#[test]
fn our_arithmetic_equals_that_of_tfhe() {
    let key = SecretKey::generate(&mut random(1));
    let seed = MaskSeed([6; 16]);
    let values: Vec<u32> = (0..POLYNOMIAL_SIZE as u32).map(|i| i * 255).collect();
    let noise: Noise = Zeroizing::new(std::array::from_fn(|i| i8::try_from(i % 17).unwrap() - 8));
    let mut ours = vec![0; POLYNOMIAL_SIZE + 2];
    encrypt_block(&key.product().unwrap(), seed, &values, &noise, &mut ours).unwrap();
    let ours = stored_block(&ours);
    // b = a·s + Δ·m + e, with the product by tfhe's polynomial algorithms.
    let mut body = Polynomial::new(0_u64, PolynomialSize(POLYNOMIAL_SIZE));
    let secret = key.as_glwe();
    let mask_list = ours.get_mask();
    let mask_polynomials = mask_list.as_polynomial_list();
    let secret_polynomials = secret.as_polynomial_list();
    polynomial_algorithms::polynomial_wrapping_add_multisum_assign(&mut body, &mask_polynomials, &secret_polynomials);
    for ((b, m), e) in body.iter_mut().zip(&values).zip(noise.iter()) {
        *b = b.wrapping_add(u64::from(*m) << DELTA_BITS).wrapping_add_signed(i64::from(*e));
    }
    assert!(body.as_ref() == ours.get_body().as_ref());
}

#[test]
fn we_decrypt_sums_of_tfhe_ciphertexts() {
    let key = SecretKey::generate(&mut random(1));
    let mut seeder = new_seeder();
    let seed = seeder.seed();
    let mut generator = EncryptionRandomGenerator::<DefaultRandomGenerator>::new(seed, seeder.as_mut());
    let width = 23;
    let rows = rows_per_block(width);
    let layout = Layout::with_widths(2 * rows as u64, vec![width]).unwrap();
    let table = random_rows(layout.rows(), width, 11);
    let mut sum = vec![0_u64; 2 * POLYNOMIAL_SIZE];
    for block in table.chunks(rows) {
        let mut encoded: Vec<u64> = block.iter().flatten().map(|value| u64::from(*value) << DELTA_BITS).collect();
        encoded.resize(POLYNOMIAL_SIZE, 0);
        let mut ciphertext =
            GlweCiphertext::new(0_u64, GlweSize(2), PolynomialSize(POLYNOMIAL_SIZE), CiphertextModulus::new_native());
        let noise = DynamicDistribution::new_t_uniform(3);
        let plaintexts = PlaintextList::from_container(encoded);
        encrypt_glwe_ciphertext(&key.as_glwe(), &mut ciphertext, &plaintexts, noise, &mut generator);
        sum.iter_mut().zip(ciphertext.as_ref()).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
    }
    // Every coefficient of the sum, not yet folded.
    let (mask, body) = sum.split_at(POLYNOMIAL_SIZE);
    let phases = glwe::decrypt(&key, &glwe::glwe(mask, body));
    for (coefficient, phase) in phases.iter().enumerate().take(rows * width) {
        let (row, slot) = (coefficient / width, coefficient % width);
        let expected = u64::from(table[row][slot]) + u64::from(table[rows + row][slot]);
        assert_eq!(glwe::decode(*phase), expected, "coefficient {coefficient}");
    }
}
