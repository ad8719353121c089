//! The table's rows and their targets.

use std::fmt;

/// A figure, its measured value, the value to compare with, their ratio, and the target of the ratio or of the figure.
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) measured: String,
    pub(crate) beside: String,
    pub(crate) ratio: String,
    pub(crate) aim: String,
}

impl Row {
    /// Creates a row with only a figure and its measured value.
    pub(crate) fn new(figure: impl Into<String>, measured: impl Into<String>) -> Self {
        let empty = String::new;
        Self { figure: figure.into(), measured: measured.into(), beside: empty(), ratio: empty(), aim: empty() }
    }

    /// Sets the value to compare with.
    pub(crate) fn beside(mut self, beside: impl Into<String>) -> Self {
        self.beside = beside.into();
        self
    }

    /// Sets the ratio as shown.
    pub(crate) fn ratio(mut self, ratio: impl Into<String>) -> Self {
        self.ratio = ratio.into();
        self
    }

    /// Sets the target and whether `value` meets it.
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

/// The table's header.
pub(crate) const HEAD: &str = "| figure | measured | bound or peer | ratio | aim |\n|---|---:|---:|---:|---|";

/// A target and its unit.
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

/// Formats bytes per second.
pub(crate) fn gigabytes(rate: f64) -> String {
    format!("{:.2} GB/s", rate / 1e9)
}

/// Formats bytes per second for slower work.
pub(crate) fn megabytes(rate: f64) -> String {
    format!("{:.0} MB/s", rate / 1e6)
}

/// Formats seconds.
pub(crate) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
