//! Columns that are left out although nobody asked for that: which, and why.

use serde::{Deserialize, Serialize};

use super::error::TableError;
use super::limits::MAX_RANGE_BITS;
use super::names::listed;
use super::remedy::choice;

/// A column that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedColumn {
    /// From the header.
    pub name: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a column is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipReason {
    /// All of its cells are blank, or mean that there is no value.
    Blank,
    /// More cells are text than numbers.
    Text {
        /// Cells that are text.
        texts: u64,
        /// Cells that are numbers.
        numbers: u64,
    },
    /// Its numbers are written in another form than those of the file.
    Notation,
    /// Its numbers are too large, too fine, or too far apart.
    Range,
}

impl SkipReason {
    /// A word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Text { .. } => "text",
            Self::Notation => "notation",
            Self::Range => "range",
        }
    }
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blank => write!(f, "all cells are blank"),
            Self::Text { texts, numbers } => write!(f, "{texts} of {} cells are not numbers", texts + numbers),
            Self::Notation => write!(f, "its numbers are written in another form"),
            Self::Range => write!(f, "its numbers do not fit {MAX_RANGE_BITS} bits exactly"),
        }
    }
}

/// A skipped column, and the error that it would be if it had been asked for.
#[derive(Debug)]
pub(super) struct Skipped {
    pub(super) column: SkippedColumn,
    pub(super) error: TableError,
    /// The first cell that is no number.
    pub(super) example: String,
}

/// One notice for all columns of text, one for all blank ones, one for each that has a remedy of its own.
pub(super) fn notices(skipped: &[Skipped]) -> Vec<String> {
    let of = |is: fn(SkipReason) -> bool| skipped.iter().filter(move |skipped| is(skipped.column.reason));
    let texts: Vec<String> = of(|reason| matches!(reason, SkipReason::Text { .. })).map(text).collect();
    let blank: Vec<String> = of(|reason| reason == SkipReason::Blank).map(|it| it.column.name.clone()).collect();
    let mut notices = Vec::new();
    if !texts.is_empty() {
        notices.push(format!("left out, since most of the cells are not numbers: {}", texts.join(", ")));
    }
    if !blank.is_empty() {
        notices.push(format!("left out, since all cells are blank: {}", listed(&blank)));
    }
    let single = of(|reason| matches!(reason, SkipReason::Notation | SkipReason::Range));
    notices.extend(single.map(|skipped| match &skipped.error {
        TableError::Notation { readings, .. } => {
            let (name, cell) = (&skipped.column.name, &skipped.example);
            format!("left out: column {name:?}, since {cell:?} is a number in another form. {}", choice(readings))
        }
        error => format!("left out: {error}"),
    }));
    notices
}

fn text(skipped: &Skipped) -> String {
    let SkippedColumn { name, reason } = &skipped.column;
    match reason {
        SkipReason::Text { texts, numbers } if *numbers > 0 => {
            format!("{name:?} ({texts} of {} cells, the first {:?})", texts + numbers, skipped.example)
        }
        SkipReason::Text { texts: 1, .. } => format!("{name:?} (its one cell, {:?})", skipped.example),
        SkipReason::Text { texts, .. } => format!("{name:?} (all {texts} cells, the first {:?})", skipped.example),
        _ => format!("{name:?}"),
    }
}
