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
    /// The header's line, from 1; 0 without a header.
    line: u64,
    /// The positions of the columns that have no name in the header, from 0. Such a column is ignored if it has no
    /// cells.
    pub(in crate::table) unnamed: Vec<usize>,
    /// The smallest allowed number of fields in a row: fields after the last name may be left out.
    pub(super) min_width: usize,
    /// Whether a name other than the first one starts with a space.
    pub(super) has_space: bool,
}

impl Header {
    /// The names for a table without a header: `column1`, `column2`, …
    pub(super) fn numbered(width: usize) -> Self {
        Self {
            names: (0..width).map(numbered).collect(),
            line: 0,
            unnamed: Vec::new(),
            min_width: width,
            has_space: false,
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
            reject_data(&fields, line, next, dialect)?;
            reject_title(&fields, line, next, dialect)?;
        }
        let mut names: Vec<String> = fields.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let unnamed: Vec<usize> = (0..names.len()).filter(|field| names[*field].is_empty()).collect();
        // A single one can be selected by its empty name.
        if unnamed.len() > 1 {
            let taken: HashSet<String> = names.iter().cloned().collect();
            for field in &unnamed {
                names[*field] = unused_name(*field, &taken);
            }
        }
        let has_space = record.iter().skip(1).any(|field| field.starts_with(b" "));
        Ok(Self { names, line, unnamed, min_width: named_width(&fields, true), has_space })
    }

    /// Rejects duplicate names of columns that are used; those of other columns do no harm.
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
                let is_number = dialect.numbers().parse(name.as_bytes()).is_ok();
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

/// A name for a column that is not in `taken`.
fn unused_name(field: usize, taken: &HashSet<String>) -> String {
    let (base, mut count) = (numbered(field), 1);
    let mut name = base.clone();
    while taken.contains(&name) {
        count += 1;
        name = format!("{base}_{count}");
    }
    name
}

fn numbered(field: usize) -> String {
    format!("column{}", field + 1)
}

/// Rejects a first record that contains numbers but no names.
fn reject_data(fields: &[Vec<u8>], line: u64, next: Option<&Record>, dialect: &Dialect) -> Result<(), TableError> {
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let is_number = |field: &Vec<u8>| dialect.numbers().parse(field).is_ok();
    let mut filled = fields.iter().filter(|field| !codes.has_text(field)).peekable();
    // The first name is blank if row names are below it,
    let below = next.and_then(|next| next.fields.first());
    let has_row_name = below.is_some_and(|name| !codes.has_text(name) && !is_number(name));
    // or if the names are column numbers, as pandas writes them.
    let is_numbered =
        fields.iter().skip(1).zip(0..).all(|(name, number): (_, usize)| *name == number.to_string().into_bytes());
    let is_corner_blank = fields.first().is_some_and(Vec::is_empty) && fields.len() > 1;
    let has_names = is_corner_blank && (has_row_name || is_numbered);
    if !has_names && filled.peek().is_some() && filled.all(is_number) {
        return Err(TableError::NoHeader {
            line,
            cell: excerpt(fields.first().map(Vec::as_slice).unwrap_or_default()),
        });
    }
    Ok(())
}

/// Rejects a title above the header: the title is mostly blank, and the next record has a name for each column.
fn reject_title(fields: &[Vec<u8>], line: u64, next: Option<&Record>, dialect: &Dialect) -> Result<(), TableError> {
    let Some(next) = next else { return Ok(()) };
    let named = fields.iter().filter(|field| !field.is_empty()).count();
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let name = |cell: &Vec<u8>| !codes.has_text(cell) && dialect.numbers().parse(cell).is_err();
    let is_header = next.fields.iter().all(|cell| name(cell) || is_year(cell)) && next.fields.iter().any(name);
    // In a table of two columns, the title is the first cell.
    let title = fields.len() > 2 || fields.len() == 2 && fields.last().is_some_and(Vec::is_empty);
    if title && 2 * named <= fields.len() && next.fields.len() >= fields.len() && is_header {
        return Err(TableError::Title { line, named, columns: fields.len(), header_line: next.line });
    }
    Ok(())
}
