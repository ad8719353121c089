//! The figures of a table, column by column.

use super::statistic::Statistic;
use super::sums::Sums;
use super::value::Value;

/// The figures of one column, in the order of [`Summary::statistics`].
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSummary {
    /// The column's name.
    pub name: String,
    /// Its figures.
    pub values: Vec<Value>,
}

/// The figures of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Names of the statistics.
    pub statistics: Vec<&'static str>,
    /// One entry per column of numbers, in the CSV's order.
    pub columns: Vec<ColumnSummary>,
}

impl Summary {
    /// Finishes `statistics` for each named column.
    pub fn finish(statistics: &[&'static dyn Statistic], columns: &[(String, Sums)]) -> Self {
        let finish = |(name, sums): &(String, Sums)| ColumnSummary {
            name: name.clone(),
            values: statistics.iter().map(|statistic| statistic.finish(sums)).collect(),
        };
        Self {
            statistics: statistics.iter().map(|statistic| statistic.name()).collect(),
            columns: columns.iter().map(finish).collect(),
        }
    }
}
