//! Reads the header: the columns' names.

use std::collections::{HashMap, HashSet};

use crate::table::detection::preview::Record;
use crate::table::detection::row_layout::{is_year, named_width};
use crate::table::dialect::{Dialect, HeaderRow};
use crate::table::display::excerpt;
use crate::table::error::TableError;
use crate::table::numbers::missing_codes::MissingCodes;
use crate::table::numbers::number_format::trim;

/// The names of a table's columns, in the file's order.
#[derive(Debug, Default)]
pub(in crate::table) struct Header {
    pub(in crate::table) names: Vec<String>,
    /// The header's line, from 1; 0 without a header. Then no message shows it, since the default names are unique.
    line: u64,
    /// The positions of the columns that have no name in the header, from 0. Such a column is ignored if it has no
    /// cells.
    pub(in crate::table) unnamed: Vec<usize>,
    /// The smallest allowed number of fields in a row: fields after the last name may be left out.
    pub(super) min_width: usize,
    /// Whether a name other than the first one starts with a space. Then a comma may be part of a name (`Hb, g/dl`).
    pub(super) has_space_after_delimiter: bool,
}

impl Header {
    /// The names for a table without a header: `column1`, `column2`, …
    pub(super) fn with_default_names(width: usize) -> Self {
        Self {
            names: (0..width).map(default_name).collect(),
            line: 0,
            unnamed: Vec::new(),
            min_width: width,
            has_space_after_delimiter: false,
        }
    }

    /// Reads the names from the record in line `line`; `next` is the record after it.
    ///
    /// # Errors
    /// [`TableError::NoHeader`] or [`TableError::Title`] if the record does not look like a header.
    pub(super) fn read(
        record: &csv::ByteRecord,
        line: u64,
        next: Option<&Record>,
        dialect: &Dialect,
    ) -> Result<Self, TableError> {
        let fields: Vec<Vec<u8>> = record.iter().map(|field| trim(field).to_vec()).collect();
        if dialect.header == HeaderRow::Expected {
            let codes = MissingCodes::new(&dialect.missing, dialect.number_format());
            reject_data(&fields, line, next, dialect, &codes)?;
            reject_title(&fields, line, next, dialect, &codes)?;
        }
        let mut names: Vec<String> = fields.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let unnamed: Vec<usize> = (0..names.len()).filter(|position| names[*position].is_empty()).collect();
        // One unnamed column keeps the empty name, by which it can be selected.
        if unnamed.len() > 1 {
            let taken: HashSet<String> = names.iter().cloned().collect();
            for position in &unnamed {
                names[*position] = unused_name(*position, &taken);
            }
        }
        let has_space_after_delimiter = record.iter().skip(1).any(|field| field.starts_with(b" "));
        Ok(Self { names, line, unnamed, min_width: named_width(&fields, true), has_space_after_delimiter })
    }

    /// Rejects duplicate names of columns that are used; duplicates among unused columns are harmless.
    ///
    /// # Errors
    /// [`TableError::DuplicateName`] for a column at one of the positions `used`.
    pub(in crate::table) fn reject_duplicates(
        &self,
        used: impl Iterator<Item = usize>,
        dialect: &Dialect,
    ) -> Result<(), TableError> {
        let mut fields: HashMap<&String, Vec<usize>> = HashMap::new();
        for (position, name) in self.names.iter().enumerate() {
            fields.entry(name).or_default().push(position + 1);
        }
        for name in used.filter_map(|position| self.names.get(position)) {
            if let Some([first, second, ..]) = fields.get(name).map(Vec::as_slice) {
                let is_number = dialect.number_format().parse(name.as_bytes()).is_ok();
                let (first, second) = (*first, *second);
                return Err(TableError::DuplicateName {
                    line: self.line,
                    name: name.clone(),
                    first,
                    second,
                    is_number,
                });
            }
        }
        Ok(())
    }
}

/// A name that is not in `taken`, for the column at `position`.
fn unused_name(position: usize, taken: &HashSet<String>) -> String {
    let (base, mut count) = (default_name(position), 1);
    let mut name = base.clone();
    while taken.contains(&name) {
        count += 1;
        name = format!("{base}_{count}");
    }
    name
}

/// The name of a column without a name, at `position` from 0.
fn default_name(position: usize) -> String {
    format!("column{}", position + 1)
}

/// Rejects a first record that contains numbers and no names; some of its fields may be blank or missing-value codes.
fn reject_data(
    fields: &[Vec<u8>],
    line: u64,
    next: Option<&Record>,
    dialect: &Dialect,
    codes: &MissingCodes,
) -> Result<(), TableError> {
    let is_number = |field: &Vec<u8>| dialect.number_format().parse(field).is_ok();
    let mut filled = fields.iter().filter(|field| !codes.is_blank_or_code(field)).peekable();
    let [first, others @ ..] = fields else { return Ok(()) };
    // A record with a blank first field is a header if a row name follows below it, or if the names are column numbers,
    // as pandas writes them.
    let below = next.and_then(|next| next.fields.first());
    let has_row_name = below.is_some_and(|name| !codes.is_blank_or_code(name) && !is_number(name));
    let is_numbered = others.iter().zip(0..).all(|(name, number): (_, usize)| *name == number.to_string().into_bytes());
    let has_names = first.is_empty() && !others.is_empty() && (has_row_name || is_numbered);
    if !has_names && filled.peek().is_some() && filled.all(is_number) {
        return Err(TableError::NoHeader { line, cell: excerpt(first) });
    }
    Ok(())
}

/// Rejects a title above the header: at most half of its fields are filled, and the next record has a name for each
/// column.
fn reject_title(
    fields: &[Vec<u8>],
    line: u64,
    next: Option<&Record>,
    dialect: &Dialect,
    codes: &MissingCodes,
) -> Result<(), TableError> {
    let Some(next) = next else { return Ok(()) };
    let named = fields.iter().filter(|field| !field.is_empty()).count();
    let is_name = |cell: &Vec<u8>| !codes.is_blank_or_code(cell) && dialect.number_format().parse(cell).is_err();
    let is_header = next.fields.iter().all(|cell| is_name(cell) || is_year(cell)) && next.fields.iter().any(is_name);
    // In a table of two columns, the title is the first cell.
    let may_be_title = fields.len() > 2 || fields.len() == 2 && fields.last().is_some_and(Vec::is_empty);
    if may_be_title && 2 * named <= fields.len() && next.fields.len() >= fields.len() && is_header {
        return Err(TableError::Title { line, named, columns: fields.len(), header_line: next.line });
    }
    Ok(())
}
