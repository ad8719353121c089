//! Decryption oracles: what a server would learn if the client decrypted anything but the sum of its own dataset.

use super::{clear_totals, decrypt, encrypt, evaluate, random, random_rows, stored_block};
use crate::he::layout::rows_per_block;
use crate::he::parameters::{DELTA_BITS, POLYNOMIAL_SIZE};
use crate::he::{LaneTotals, Layout, SecretKey, glwe};

const WIDTH: usize = 23;

/// With the mask −Δ·Σ_k 2^k·X^{−kS} and an empty body, slot 0 decodes to forty bits of the key.
#[test]
fn a_crafted_mask_reveals_the_key() {
    let key = SecretKey::generate(&mut random(1));
    let mut mask = vec![0_u64; POLYNOMIAL_SIZE];
    for k in 0..40 {
        let term = 1_u64 << (DELTA_BITS + k);
        // X^{−d} = −X^{N−d}, and the phase of the totals is b − a·s.
        match k as usize * WIDTH {
            0 => mask[0] = mask[0].wrapping_sub(term),
            degree => mask[POLYNOMIAL_SIZE - degree] = mask[POLYNOMIAL_SIZE - degree].wrapping_add(term),
        }
    }
    let phases = glwe::decrypt(&key, &glwe::glwe(&mask, &[0; WIDTH]));
    let secret = key.as_glwe();
    let read: u64 = (0..40).map(|k| secret.as_ref()[k * WIDTH] << k).sum();
    assert_eq!(glwe::decode(phases[0]), read);
}

/// The honest totals plus one row's ciphertext, rotated to coefficient 0, minus Δ·guess decrypt to the honest totals if
/// and only if the guess is right. So even knowing whether the totals were accepted reveals that row.
#[test]
fn accepting_or_rejecting_decrypted_totals_reveals_a_value() {
    let rows = 2 * rows_per_block(1) as u64;
    let layout = Layout::new(rows, 1).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let table = random_rows(rows, 1, 5);
    let words = encrypt(&layout, &key, &table);
    let honest = evaluate(&layout, &words);
    let row = 77;
    let block = stored_block(&words[..POLYNOMIAL_SIZE + 2]);
    let (mask, body) = block.as_ref().split_at(POLYNOMIAL_SIZE);
    let value = u64::from(table[row][0]);
    for (guess, right) in [(value, true), (value + 1, false), (value ^ 1, false)] {
        let rotated = rotate(mask, row);
        let mut forged = honest.clone();
        let LaneTotals { mask: sum, body: total } = &mut forged[0][0];
        sum.iter_mut().zip(&rotated).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
        total[0] = total[0].wrapping_add(body[row]).wrapping_sub(guess << DELTA_BITS);
        assert_eq!(decrypt(&layout, &key, &forged) == clear_totals(&table, 1), right, "{guess}");
    }
}

/// `X^{−by} · polynomial` modulo X^N + 1.
fn rotate(polynomial: &[u64], by: usize) -> Vec<u64> {
    let (low, high) = polynomial.split_at(by);
    high.iter().copied().chain(low.iter().map(|word| word.wrapping_neg())).collect()
}
