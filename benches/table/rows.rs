//! The table's rows, and what they aim at.

use std::fmt;

/// Figure, what was measured, what stands beside it, their ratio, and what the ratio or the figure should be.
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) measured: String,
    pub(crate) beside: String,
    pub(crate) ratio: String,
    pub(crate) aim: String,
}

impl Row {
    /// A row with nothing but a figure and what was measured.
    pub(crate) fn new(figure: impl Into<String>, measured: impl Into<String>) -> Self {
        let nothing = String::new;
        Self { figure: figure.into(), measured: measured.into(), beside: nothing(), ratio: nothing(), aim: nothing() }
    }

    /// What stands beside the figure.
    pub(crate) fn beside(mut self, beside: impl Into<String>) -> Self {
        self.beside = beside.into();
        self
    }

    /// The ratio, as it is shown.
    pub(crate) fn ratio(mut self, ratio: impl Into<String>) -> Self {
        self.ratio = ratio.into();
        self
    }

    /// The aim and whether `value` reaches it.
    pub(crate) fn aim(mut self, aim: Aim, value: f64) -> Self {
        let verdict = if aim.is_met(value) { "met" } else { "**missed**" };
        self.aim = format!("{aim}: {verdict}");
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, measured, beside, ratio, aim } = self;
        write!(f, "| {figure} | {measured} | {beside} | {ratio} | {aim} |")
    }
}

/// The table's head.
pub(crate) const HEAD: &str = "| figure | measured | bound or peer | ratio | aim |\n|---|---:|---:|---:|---|";

/// What a number should be, and its unit.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64, &'static str),
    AtMost(f64, &'static str),
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound, _) => value >= bound,
            Self::AtMost(bound, _) => value <= bound,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound, unit) => write!(f, "≥ {bound}{unit}"),
            Self::AtMost(bound, unit) => write!(f, "≤ {bound}{unit}"),
        }
    }
}

/// Bytes per second for people.
pub(crate) fn gigabytes(rate: f64) -> String {
    format!("{:.2} GB/s", rate / 1e9)
}

/// The same for slower work.
pub(crate) fn megabytes(rate: f64) -> String {
    format!("{:.0} MB/s", rate / 1e6)
}

/// Seconds for people.
pub(crate) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
