//! Decrypted figures beside those of the clear data.

use super::summary::Summary;
use super::value::Value;

/// Both summaries, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// From the clear data.
    pub clear: Summary,
    /// From the server's answer.
    pub decrypted: Summary,
    /// Whether the compared file is the one that was encrypted.
    pub same_file: bool,
}

/// A figure that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The column.
    pub column: String,
    /// The statistic.
    pub statistic: &'static str,
    /// From the clear data.
    pub clear: Value,
    /// From the server's answer.
    pub decrypted: Value,
}

impl Comparison {
    /// All figures that differ, in any digit.
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

    /// How many figures were compared.
    pub fn figures(&self) -> usize {
        self.clear.columns.len() * self.clear.statistics.len()
    }
}
