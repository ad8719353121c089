//! A synthetic table with the columns of the Framingham heart study, for trying the tool without real health records.
//!
//! The rows are the same on every machine. Logarithms, exponentials and cosines differ in their last bit from one
//! platform to the next, so the arithmetic here is only `+`, `-`, `*`, `/` and `sqrt`, which IEEE 754 fixes to the bit,
//! and rounding, which is exact.

mod framingham;
#[cfg(test)]
mod tests;

use std::array::from_fn;
use std::fmt::{self, Display, Formatter};
use std::io::{self, BufWriter, Write};

use chacha20::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use framingham::{COLUMNS, CORRELATIONS, Column, FIRST_KNOT, Response, WIDTH};

/// Writes a header line and `rows` synthetic persons as comma-separated values: the 16 columns of the Framingham table
/// in the same order, units and decimals, `NA` where an answer is missing, and a line feed after each line.
///
/// The output depends on `rows` and `seed` alone, and a shorter table is the beginning of every longer one with the
/// same seed. The rows stream through: memory use does not grow with them.
///
/// # Errors
/// Returns the first error of `out`.
pub fn write_sample(rows: u64, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let names = COLUMNS.each_ref().map(|column| column.name);
    writeln!(out, "{}", names.join(","))?;

    let weights = weights();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..rows {
        writeln!(out, "{}", Person::draw(&weights, &mut random))?;
    }
    out.flush()
}

/// One person's answers in column order, `None` where one is missing.
struct Person([Option<Hundredths>; WIDTH]);

impl Person {
    fn draw(weights: &Weights, random: &mut impl Rng) -> Person {
        let scores = draw_scores(weights, random);
        let values: [f64; WIDTH] = from_fn(|index| COLUMNS[index].response.at(scores[index]));
        Person(from_fn(|index| {
            let column = &COLUMNS[index];
            match column.asked_if {
                Some(decider) if values[decider] == 0.0 => Some(Hundredths(0)),
                _ => column.draw_answer(values[index], random),
            }
        }))
    }
}

impl Display for Person {
    fn fmt(&self, row: &mut Formatter) -> fmt::Result {
        let mut separator = "";
        for answer in &self.0 {
            row.write_str(separator)?;
            match answer {
                Some(value) => value.fmt(row)?,
                None => row.write_str("NA")?,
            }
            separator = ",";
        }
        Ok(())
    }
}

impl Column {
    fn draw_answer(&self, value: f64, random: &mut impl Rng) -> Option<Hundredths> {
        let missing = f64::from(random.next_u32()) < self.missing * f64::from(u32::MAX);
        (!missing).then(|| Hundredths::nearest(value, self.step))
    }
}

impl Response {
    fn at(&self, score: f64) -> f64 {
        match self {
            Response::Threshold(start) => f64::from(u8::from(score >= *start)),
            Response::Steps(lowest, steps) => {
                steps.iter().rfind(|(start, _)| score >= *start).map_or(*lowest, |(_, answer)| *answer)
            }
            Response::Curve(knots) => knots[0] + rise(knots, score - FIRST_KNOT),
        }
    }
}

/// How far a curve rises from its first knot to `distance`: linear interpolation between knots that are one apart.
fn rise(knots: &[f64], distance: f64) -> f64 {
    (0u8..)
        .zip(knots.windows(2))
        .map(|(start, ends)| (ends[1] - ends[0]) * (distance - f64::from(start)).clamp(0.0, 1.0))
        .sum()
}

/// A number of zero or more with two decimals, shown without trailing zeros.
struct Hundredths(u32);

impl Hundredths {
    /// The multiple of `step` hundredths nearest to `value`.
    fn nearest(value: f64, step: u32) -> Hundredths {
        let steps = (value * 100.0 / f64::from(step)).round();
        // Exact: all answers are between 0 and 1,000.
        #[expect(clippy::cast_sign_loss, reason = "answers are not negative")]
        Hundredths(steps as u32 * step)
    }
}

impl Display for Hundredths {
    fn fmt(&self, cell: &mut Formatter) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match (rest / 10, rest % 10) {
            (0, 0) => write!(cell, "{whole}"),
            (tenths, 0) => write!(cell, "{whole}.{tenths}"),
            (tenths, hundredths) => write!(cell, "{whole}.{tenths}{hundredths}"),
        }
    }
}

/// Row by row, how much of each independent deviate goes into a score: a lower triangle, the rest being zero.
type Weights = [[f64; WIDTH]; WIDTH];

/// The Cholesky factor of the correlations: with its rows as weights, independent deviates become scores with these
/// correlations.
fn weights() -> Weights {
    let mut weights = [[0.0; WIDTH]; WIDTH];
    for (row, correlations) in CORRELATIONS.iter().enumerate() {
        for (column, correlation) in correlations.iter().enumerate() {
            let shared = dot(&weights[row][..column], &weights[column]);
            weights[row][column] = (f64::from(*correlation) / 100.0 - shared) / weights[column][column];
        }
        let explained = dot(&weights[row], &weights[row]);
        weights[row][row] = (1.0 - explained).sqrt();
    }
    weights
}

/// One person's scores: each with mean 0 and standard deviation 1, and correlated.
fn draw_scores(weights: &Weights, random: &mut impl Rng) -> [f64; WIDTH] {
    let deviates: [f64; WIDTH] = from_fn(|_| deviate(random));
    weights.each_ref().map(|row| dot(row, &deviates))
}

/// The sum of the products of the pairs, from left to right.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// An approximately normal number with mean 0 and standard deviation 1, never beyond ±6: the sum of twelve 16-bit
/// numbers, two from each draw.
fn deviate(random: &mut impl Rng) -> f64 {
    const MEAN: f64 = 12.0 * 65_535.0 / 2.0;
    // sqrt(12 * (65_536² - 1) / 12), to nine digits.
    const DEVIATION: f64 = 65_536.0;

    let sum: u32 = (0..6).map(|_| random.next_u32()).map(|draw| (draw & 0xffff) + (draw >> 16)).sum();
    (f64::from(sum) - MEAN) / DEVIATION
}
