//! Compares the decrypted statistics with those of the clear data.

use super::summary::Summary;
use super::value::Value;

/// The statistics of the same table, computed twice. Both summaries have the same columns and statistics in the same
/// order.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Computed from the clear data.
    pub clear: Summary,
    /// Decrypted from the server's totals.
    pub decrypted: Summary,
    /// Whether the clear file is identical to the one that was encrypted.
    pub same_file: bool,
}

/// A statistic whose two values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The name of the column.
    pub column: String,
    /// The name of the statistic.
    pub statistic: &'static str,
    /// Computed from the clear data.
    pub clear: Value,
    /// Decrypted from the server's totals.
    pub decrypted: Value,
}

impl Comparison {
    /// Returns all statistics whose values differ in any digit.
    pub fn differences(&self) -> Vec<Difference> {
        let columns = self.clear.columns.iter().zip(&self.decrypted.columns);
        let differing = columns.flat_map(|(clear, decrypted)| {
            let pairs = clear.values.iter().zip(&decrypted.values).zip(&self.clear.statistics);
            pairs.filter(|((a, b), _)| a != b).map(|((a, b), statistic)| Difference {
                column: clear.name.clone(),
                statistic,
                clear: a.clone(),
                decrypted: b.clone(),
            })
        });
        differing.collect()
    }

    /// Returns the number of values that are compared.
    pub fn value_count(&self) -> usize {
        self.clear.columns.len() * self.clear.statistics.len()
    }
}
