//! The user's selection of columns.

use std::collections::HashSet;

use super::column_scan::ColumnScan;
use crate::table::error::TableError;
use crate::table::reader::TableReader;

/// Which columns the user wants.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The selected columns; `None` for all that contain numbers.
    pub only: Option<Vec<String>>,
    /// The excluded columns.
    pub except: Vec<String>,
}

impl Selection {
    /// Returns a scan for each selected column.
    ///
    /// # Errors
    /// [`TableError::NoSuchColumn`] or [`TableError::DuplicateName`] for a name in the selection.
    pub(super) fn scans(&self, reader: &TableReader<'_>) -> Result<Vec<ColumnScan>, TableError> {
        let names = reader.names();
        let known: HashSet<&String> = names.iter().collect();
        let mut given = self.only.iter().flatten().chain(&self.except);
        if let Some(name) = given.find(|name| !known.contains(name)) {
            return Err(TableError::NoSuchColumn { name: name.clone(), names: names.to_vec() });
        }
        let only: Option<HashSet<&String>> = self.only.as_ref().map(|only| only.iter().collect());
        let except: HashSet<&String> = self.except.iter().collect();
        let unnamed: HashSet<usize> = reader.header().unnamed.iter().copied().collect();
        let wanted = |name: &String| only.as_ref().is_none_or(|only| only.contains(name)) && !except.contains(name);
        let chosen = names.iter().enumerate().filter(|(_, name)| wanted(name));
        let scan = |(position, name): (usize, &String)| {
            ColumnScan::new(name.clone(), position, self.only.is_none() && unnamed.contains(&position))
        };
        let scans: Vec<ColumnScan> = chosen.map(scan).collect();
        if self.only.is_some() {
            reader.header().reject_duplicates(scans.iter().map(|scan| scan.position), reader.dialect())?;
        }
        Ok(scans)
    }
}
