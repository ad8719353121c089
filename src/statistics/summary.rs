//! The statistics of a table, column by column.

use super::statistic::Statistic;
use super::sums::Sums;
use super::value::Value;

/// The statistics of one column, in the order of [`Summary::statistics`].
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSummary {
    /// The column's name.
    pub name: String,
    /// The values of the statistics.
    pub values: Vec<Value>,
}

/// The statistics of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The names of the statistics.
    pub statistics: Vec<&'static str>,
    /// One entry per numeric column, in the order of the CSV file.
    pub columns: Vec<ColumnSummary>,
}

impl Summary {
    /// Computes `statistics` for each named column from its sums.
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
