//! Compares the decrypted statistics with reference statistics of the clear data.

use std::collections::HashMap;

use super::error::PipelineError;
use super::result::Decrypted;
use super::stages::CHECKING;
use crate::foundation::observer::Observer;
use crate::statistics::reference::ReferenceColumn;
use crate::statistics::{Comparison, Summary};
use crate::table::{Cell, CsvSource, TableError, TableReader};

/// Computes the statistics of `source` in the clear and compares them with the decrypted ones.
///
/// # Errors
/// [`PipelineError::Table`] if the file cannot be read like the encrypted one; [`PipelineError::TableMismatch`] if it
/// lacks a column.
pub fn check(decrypted: &Decrypted, source: &CsvSource, observer: Observer<'_>) -> Result<Comparison, PipelineError> {
    observer.begin(CHECKING, source.length()?);
    let clear = summarize(decrypted, source, observer);
    observer.end();
    let (clear, same_file) = clear?;
    Ok(Comparison { clear, decrypted: decrypted.summary.clone(), same_file })
}

fn summarize(
    decrypted: &Decrypted,
    source: &CsvSource,
    observer: Observer<'_>,
) -> Result<(Summary, bool), PipelineError> {
    let mut reader = TableReader::open(source, &decrypted.csv.dialect, observer)?;
    let positions: HashMap<&String, usize> = reader.names().iter().zip(0..).collect();
    let mut columns = Vec::new();
    for column in &decrypted.summary.columns {
        let position = positions.get(&column.name).copied();
        let missing = || PipelineError::TableMismatch { table: source.name().into(), column: column.name.clone() };
        columns.push((position.ok_or_else(missing)?, column.name.clone(), ReferenceColumn::default()));
    }
    while reader.next_row()? {
        for (position, name, column) in &mut columns {
            column.push(match reader.cell(*position) {
                Cell::Missing => None,
                Cell::Number(number) => Some(number),
                Cell::Text(reason) => {
                    let (line, cell) = (reader.line(), reader.excerpt(*position));
                    return Err(TableError::Number { line, column: name.clone(), cell, reason }.into());
                }
            });
        }
    }
    let same_file = reader.digest() == decrypted.csv.digest;
    let columns: Vec<_> = columns.into_iter().map(|(_, name, column)| (name, column)).collect();
    Ok((Summary::reference(&decrypted.statistics, &columns), same_file))
}
