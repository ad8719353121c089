//! Sums of polynomials modulo 2^64, word by word.

/// Adds `words` to `sum`.
pub(super) fn add(sum: &mut [u64], words: &[u64]) {
    for (sum, word) in sum.iter_mut().zip(words) {
        *sum = sum.wrapping_add(*word);
    }
}

/// Adds all of `many`, each as long as the sum, four at a time, so that the sum is read and written a fourth as often.
pub(super) fn add_all(sum: &mut [u64], many: &[&[u64]]) {
    let (fours, rest) = many.as_chunks::<4>();
    for [a, b, c, d] in fours {
        for ((((sum, a), b), c), d) in sum.iter_mut().zip(*a).zip(*b).zip(*c).zip(*d) {
            *sum = sum.wrapping_add(*a).wrapping_add(*b).wrapping_add(*c).wrapping_add(*d);
        }
    }
    for words in rest {
        add(sum, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_polynomials_is_added() {
        let many: Vec<[u64; 3]> = (0..11).map(|i| [i, u64::MAX - i, i * i]).collect();
        for count in 0..=many.len() {
            let slices: Vec<&[u64]> = many.iter().take(count).map(|words| &words[..]).collect();
            let mut sum = [5, 6, 7];
            add_all(&mut sum, &slices);
            let mut expected = [5, 6, 7];
            for words in slices {
                add(&mut expected, words);
            }
            assert_eq!(sum, expected, "{count}");
        }
    }
}
