//! Columns that are left out although nobody asked for that: which, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::column_names::{MOST_LISTED, shortlist, some};
use super::error::TableError;
use super::limits::MAX_RANGE_BITS;
use super::remedy::{choice, missing};

/// A column that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedColumn {
    /// From the header.
    pub name: String,
    /// Why it was left out.
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

/// One notice for all columns of text, one for all blank ones, one for all with the same remedy.
pub(super) fn notices(skipped: &[Skipped]) -> Vec<String> {
    let of = |is: fn(SkipReason) -> bool| skipped.iter().filter(move |skipped| is(skipped.column.reason));
    let texts: Vec<String> = of(|reason| matches!(reason, SkipReason::Text { .. })).map(text).collect();
    let blank: Vec<String> = of(|reason| reason == SkipReason::Blank).map(|it| it.column.name.clone()).collect();
    let mut notices = Vec::new();
    if !texts.is_empty() {
        notices.push(format!("left out, since most of the cells are not numbers: {}", shortlist(&texts)));
    }
    if !blank.is_empty() {
        notices.push(format!("left out, since all cells are blank: {}", some(&blank)));
    }
    notices.extend(other_forms(&of(|reason| reason == SkipReason::Notation).collect::<Vec<_>>()));
    notices.extend(out_of_range(&of(|reason| reason == SkipReason::Range).collect::<Vec<_>>()));
    notices
}

/// One notice for all columns that the same options read.
fn other_forms(skipped: &[&Skipped]) -> Vec<String> {
    let mut groups: BTreeMap<Vec<&String>, Vec<(&SkippedColumn, &TableError)>> = BTreeMap::new();
    for Skipped { column, error, .. } in skipped {
        if let TableError::Notation { readings, .. } = error {
            groups.entry(readings.iter().map(|(_, options)| options).collect()).or_default().push((column, error));
        }
    }
    groups.values().filter_map(|group| other_form(group)).collect()
}

fn other_form(group: &[(&SkippedColumn, &TableError)]) -> Option<String> {
    let names: Vec<String> = group.iter().map(|(column, _)| column.name.clone()).collect();
    let odd = group.iter().find_map(|(_, error)| match error {
        TableError::Notation { odd, .. } if odd.count > 0 => Some(odd),
        _ => None,
    });
    let (also, missing) = odd.map(|odd| (odd.also(), missing(odd))).unwrap_or_default();
    let (_, TableError::Notation { cell, readings, .. }) = group.first()? else { return None };
    let columns = if names.len() == 1 { "column" } else { "columns" };
    let choice = choice(readings);
    Some(format!(
        "left out: {columns} {}, since {cell:?} is a number in another form{also}. {choice}{missing}",
        some(&names)
    ))
}

/// What is wrong with the first columns, and how many others there are.
fn out_of_range(skipped: &[&Skipped]) -> Vec<String> {
    let mut notices: Vec<String> =
        skipped.iter().take(MOST_LISTED).map(|skipped| format!("left out: {}", skipped.error)).collect();
    if skipped.len() > MOST_LISTED {
        let reason = SkipReason::Range;
        notices.push(format!("left out: {} more columns, each since {reason}", skipped.len() - MOST_LISTED));
    }
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
