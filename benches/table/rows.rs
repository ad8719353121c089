//! The table's rows and their targets.

use std::fmt;

/// A measurement: its name and value, a reference value, their ratio, and the target for the ratio or the value.
pub(crate) struct Row {
    name: String,
    value: String,
    reference: String,
    ratio: String,
    target: String,
}

impl Row {
    /// Creates a row with only a name and a value.
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let empty = String::new;
        Self { name: name.into(), value: value.into(), reference: empty(), ratio: empty(), target: empty() }
    }

    /// Sets the reference: a theoretical bound, a baseline or a competitor, measured in the same run.
    pub(crate) fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    /// Sets the ratio, as text.
    pub(crate) fn ratio(mut self, ratio: impl Into<String>) -> Self {
        self.ratio = ratio.into();
        self
    }

    /// Sets the target and whether `value` meets it.
    pub(crate) fn target(mut self, target: Target, value: f64) -> Self {
        let verdict = if target.is_met(value) { "met" } else { "**missed**" };
        self.target = format!("{target}: {verdict}");
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, reference, ratio, target } = self;
        write!(f, "| {name} | {value} | {reference} | {ratio} | {target} |")
    }
}

/// The header of the table, in Markdown.
pub(crate) const HEADER: &str = "| measurement | value | reference | ratio | target |\n|---|---:|---:|---:|---|";

/// A bound for a value, with its unit.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64, &'static str),
    AtMost(f64, &'static str),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound, _) => value >= bound,
            Self::AtMost(bound, _) => value <= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound, unit) => write!(f, "≥ {bound}{unit}"),
            Self::AtMost(bound, unit) => write!(f, "≤ {bound}{unit}"),
        }
    }
}

/// Formats a rate in bytes per second as GB/s.
pub(crate) fn gigabytes(rate: f64) -> String {
    format!("{:.2} GB/s", rate / 1e9)
}

/// Formats a rate in bytes per second as MB/s.
pub(crate) fn megabytes(rate: f64) -> String {
    format!("{:.0} MB/s", rate / 1e6)
}

/// Formats a time in seconds, as milliseconds if it is short.
pub(crate) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
