//! The statistics of a table, column by column.

use super::reference::ReferenceColumn;
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
        Self::of(statistics, columns, Statistic::finish)
    }

    /// Computes `statistics` for each named column from the clear data.
    pub fn reference(statistics: &[&'static dyn Statistic], columns: &[(String, ReferenceColumn)]) -> Self {
        Self::of(statistics, columns, Statistic::reference)
    }

    fn of<C>(
        statistics: &[&'static dyn Statistic],
        columns: &[(String, C)],
        value: impl Fn(&'static dyn Statistic, &C) -> Value,
    ) -> Self {
        let column = |(name, column): &(String, C)| ColumnSummary {
            name: name.clone(),
            values: statistics.iter().map(|statistic| value(*statistic, column)).collect(),
        };
        Self {
            statistics: statistics.iter().map(|statistic| statistic.name()).collect(),
            columns: columns.iter().map(column).collect(),
        }
    }
}
