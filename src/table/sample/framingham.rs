//! Parameters of the synthetic sample: rounded aggregates of the Framingham heart study's table, without any of its
//! rows.
//!
//! Each answer of a person follows from a *score*, a normal number with mean 0 and standard deviation 1. [`COLUMNS`]
//! maps scores to answers; [`CORRELATIONS`] are the correlations between the scores of one person.

use Response::{Curve, Steps, Threshold};

/// How many columns the table has.
pub(super) const WIDTH: usize = 16;

/// A column: its name, and how a person's score becomes an answer.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) response: Response,
    /// The difference between neighbouring answers, in hundredths.
    pub(super) step: u32,
    /// The share of missing answers among those asked, from 0 to 1.
    pub(super) missing: f64,
    /// The yes-or-no column that decides who is asked: those with a 1 in it. The others' answer is 0.
    pub(super) asked_if: Option<usize>,
}

/// The answer as a function of the score.
pub(super) enum Response {
    /// 0 below this score and 1 from there on.
    Threshold(f64),
    /// The lowest answer, and each higher one with the score from which it is given.
    Steps(f64, &'static [(f64, f64)]),
    /// The answers at the scores [`FIRST_KNOT`], one more, and so on, with linear interpolation between them and
    /// constant values outside.
    Curve([f64; 9]),
}

/// The score of a curve's first answer. Lower scores are very rare.
pub(super) const FIRST_KNOT: f64 = -4.0;

const HUNDREDTHS: u32 = 1;
const HALVES: u32 = 50;
const WHOLES: u32 = 100;

const CURRENT_SMOKER: usize = 3;
const PREVALENT_HYP: usize = 7;

impl Column {
    const fn new(name: &'static str, response: Response) -> Column {
        Column { name, response, step: WHOLES, missing: 0.0, asked_if: None }
    }

    const fn in_steps_of(self, step: u32) -> Column {
        Column { step, ..self }
    }

    const fn missing(self, missing: f64) -> Column {
        Column { missing, ..self }
    }

    const fn asked_if(self, column: usize) -> Column {
        Column { asked_if: Some(column), ..self }
    }
}

/// The columns from left to right.
#[rustfmt::skip] // One line for the response and one for the rest.
pub(super) static COLUMNS: [Column; WIDTH] = [
    Column::new("male", Threshold(0.18)),
    Column::new("age", Curve([32.0, 33.0, 36.0, 39.5, 48.5, 60.0, 66.0, 69.0, 70.0])),
    Column::new("education", Steps(1.0, &[(-0.21, 2.0), (0.58, 3.0), (1.2, 4.0)]))
        .missing(0.025),
    Column::new("currentSmoker", Threshold(0.01)),
    Column::new("cigsPerDay", Steps(1.0, &CIGARETTES))
        .asked_if(CURRENT_SMOKER).missing(0.014),
    Column::new("BPMeds", Threshold(1.31))
        .asked_if(PREVALENT_HYP).missing(0.04),
    Column::new("prevalentStroke", Threshold(2.49)),
    Column::new("prevalentHyp", Threshold(0.49)),
    Column::new("diabetes", Threshold(1.95)),
    Column::new("totChol", Curve([100.0, 136.0, 158.0, 193.0, 233.0, 278.0, 335.0, 415.0, 600.0]))
        .missing(0.012),
    Column::new("sysBP", Curve([84.0, 91.0, 100.0, 112.0, 128.0, 152.0, 188.0, 228.0, 295.0]))
        .in_steps_of(HALVES),
    Column::new("diaBP", Curve([48.0, 54.0, 62.0, 71.5, 82.0, 93.5, 110.0, 134.0, 143.0]))
        .in_steps_of(HALVES),
    Column::new("BMI", Curve([15.5, 16.5, 19.0, 22.0, 25.4, 29.2, 35.3, 45.0, 57.0]))
        .in_steps_of(HUNDREDTHS).missing(0.0045),
    Column::new("heartRate", Curve([44.0, 47.0, 55.0, 64.5, 74.5, 87.0, 104.0, 124.0, 143.0]))
        .missing(0.0002),
    Column::new("glucose", Curve([40.0, 46.0, 59.0, 68.0, 78.0, 91.0, 119.0, 352.0, 395.0]))
        .missing(0.092),
    Column::new("TenYearCHD", Threshold(1.03)),
];

/// Smokers prefer round numbers, above all a pack of 20.
static CIGARETTES: [(f64, f64); 11] = [
    (-1.8, 3.0),
    (-1.34, 5.0),
    (-1.0, 9.0),
    (-0.72, 10.0),
    (-0.51, 15.0),
    (-0.22, 20.0),
    (0.76, 25.0),
    (0.87, 30.0),
    (1.43, 40.0),
    (1.78, 43.0),
    (2.4, 60.0),
];

/// The correlation of each column's score with every score to its left, in hundredths: chosen so that the correlations
/// of the *answers* come out as in the real table.
#[rustfmt::skip] // Aligned, so that columns can be read too.
pub(super) static CORRELATIONS: [&[i8]; WIDTH] = [
    &[], // male
    &[ -4], // age
    &[  2, -19], // education
    &[ 31, -27,   2], // currentSmoker
    &[ 46,  -7,   0,   0], // cigsPerDay
    &[-22,  14,   0,  -9, -11], // BPMeds
    &[  0,  27, -20, -21, -13,  38], // prevalentStroke
    &[  0,  40, -12, -17,   5,   0,  43], // prevalentHyp
    &[  5,  26, -12, -14,  -3,  15,   9,  24], // diabetes
    &[ -9,  27,  -3,  -6,   2,  11,   0,  22,  10], // totChol
    &[ -5,  41, -15, -17,   3,  17,  24,  88,  27,  22], // sysBP
    &[  7,  21,  -7, -14,   6,   9,  21,  79,  12,  17,  79], // diaBP
    &[ 10,  14, -15, -21,   9,   7,  13,  39,  21,  12,  34,  39], // BMI
    &[-15,   0,  -6,   8,   6,  -8,  -8,  19,  13,   9,  19,  18,   7], // heartRate
    &[  0,  16,  -5,  -9,  -5,  10,  10,  14,  92,   6,  18,   8,  11,  12], // glucose
    &[ 17,  34,  -9,   4,  14,  14,  32,  33,  31,  13,  32,  22,  12,   3,  23], // TenYearCHD
];
