//! The parameters of the scheme; `docs/PARAMETERS.md` justifies them.

/// N: coefficients of a polynomial modulo X^N + 1. The GLWE dimension k is 1, the modulus q is 2^64.
pub const POLYNOMIAL_SIZE: usize = 4096;

/// log2 of Δ, the distance between neighbouring plaintexts; plaintexts are integers modulo 2^40.
pub const DELTA_BITS: u32 = 24;

/// The largest |e| of a fresh ciphertext: TUniform(3), integers in [−8, 8].
pub const NOISE_BOUND: u64 = 8;

/// The maximum number of rows that may be added to one total: `NOISE_BOUND · rows` must stay below Δ/2 = 2^23, even
/// with N − 1 rows of padding, which this version does not use.
pub const SEGMENT_ROWS: u64 = (1 << 20) - POLYNOMIAL_SIZE as u64;

/// The maximum number of blocks encrypted with one key.
pub const MAX_BLOCKS: u64 = 1 << 32;

/// The exclusive upper bound of slot values, so that a segment's totals stay below 2^40.
pub const SLOT_BOUND: u64 = 1 << 20;

/// The identifier of this parameter set in files.
pub const PARAMETER_SET: u16 = 1;

const _: () = {
    let largest_noise = NOISE_BOUND * (SEGMENT_ROWS + POLYNOMIAL_SIZE as u64 - 1);
    assert!(largest_noise < 1 << (DELTA_BITS - 1), "totals may not decode exactly");
    assert!(SEGMENT_ROWS * (SLOT_BOUND - 1) < 1 << (u64::BITS - DELTA_BITS), "totals may wrap");
};
