//! The columns' names.

use std::collections::{HashMap, HashSet};

use super::dialect::{Dialect, HeaderRow};
use super::error::{TableError, shown};
use super::missing::MissingCodes;
use super::number::bare;
use super::preview::Record;
use super::shape::{is_year, named_width};

/// The names of a table's columns, in the file's order.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    /// Where it stands, from 1.
    line: u64,
    /// The columns that the header has no name for, from 0; those without any cell are no columns.
    pub(super) nameless: Vec<usize>,
    /// How many fields a row must have: there may be no more behind the last name.
    pub(super) least: usize,
    /// Whether a blank stands before a name that is not the first.
    pub(super) is_spaced: bool,
}

impl Header {
    /// Of a table without a header: `column1`, `column2`, …
    pub(super) fn numbered(width: usize) -> Self {
        Self {
            names: (0..width).map(numbered).collect(),
            line: 0,
            nameless: Vec::new(),
            least: width,
            is_spaced: false,
        }
    }

    /// From the record in line `line`; `next` is the one after it.
    pub(super) fn read(
        record: &csv::ByteRecord,
        line: u64,
        next: Option<&Record>,
        dialect: &Dialect,
    ) -> Result<Self, TableError> {
        let fields: Vec<Vec<u8>> = record.iter().map(|field| bare(field).to_vec()).collect();
        if dialect.header == HeaderRow::Expected {
            refuse_data(&fields, line, next, dialect)?;
            refuse_title(&fields, line, next, dialect)?;
        }
        let mut names: Vec<String> = fields.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let nameless: Vec<usize> = (0..names.len()).filter(|field| names[*field].is_empty()).collect();
        // A single one can be asked for by its empty name.
        if nameless.len() > 1 {
            let given: HashSet<String> = names.iter().cloned().collect();
            for field in &nameless {
                names[*field] = invented(*field, &given);
            }
        }
        let is_spaced = record.iter().skip(1).any(|field| field.starts_with(b" "));
        Ok(Self { names, line, nameless, least: named_width(&fields, true), is_spaced })
    }

    /// Names that others have, too, are good enough for columns that are not wanted.
    ///
    /// # Errors
    /// [`TableError::DuplicateName`] for one of `wanted`, the places of columns.
    pub(super) fn refuse_duplicates(
        &self,
        wanted: impl Iterator<Item = usize>,
        dialect: &Dialect,
    ) -> Result<(), TableError> {
        let mut fields: HashMap<&String, Vec<usize>> = HashMap::new();
        for (position, name) in self.names.iter().enumerate() {
            fields.entry(name).or_default().push(position + 1);
        }
        for name in wanted.filter_map(|position| self.names.get(position)) {
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

/// A name that no other column has been given.
fn invented(field: usize, given: &HashSet<String>) -> String {
    let (name, mut count) = (numbered(field), 1);
    let mut free = name.clone();
    while given.contains(&free) {
        count += 1;
        free = format!("{name}_{count}");
    }
    free
}

fn numbered(field: usize) -> String {
    format!("column{}", field + 1)
}

fn refuse_data(fields: &[Vec<u8>], line: u64, next: Option<&Record>, dialect: &Dialect) -> Result<(), TableError> {
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let is_number = |field: &Vec<u8>| dialect.numbers().parse(field).is_ok();
    let mut given = fields.iter().filter(|field| !codes.has_text(field)).peekable();
    // A corner without a name, with names of rows below.
    let below = next.and_then(|next| next.fields.first());
    let is_text = below.is_some_and(|name| !codes.has_text(name) && !is_number(name));
    // Or the places of columns, as pandas writes them.
    let places =
        fields.iter().skip(1).zip(0..).all(|(name, place): (_, usize)| *name == place.to_string().into_bytes());
    let corner = fields.first().is_some_and(Vec::is_empty) && fields.len() > 1 && (is_text || places);
    if !corner && given.peek().is_some() && given.all(is_number) {
        return Err(TableError::NoHeader { line, cell: shown(fields.first().map(Vec::as_slice).unwrap_or_default()) });
    }
    Ok(())
}

/// A title above the header: mostly blank, and the next line has a name for each column.
fn refuse_title(fields: &[Vec<u8>], line: u64, next: Option<&Record>, dialect: &Dialect) -> Result<(), TableError> {
    let Some(next) = next else { return Ok(()) };
    let named = fields.iter().filter(|field| !field.is_empty()).count();
    let codes = MissingCodes::new(&dialect.missing, dialect.numbers());
    let name = |cell: &Vec<u8>| !codes.has_text(cell) && dialect.numbers().parse(cell).is_err();
    let is_header = next.fields.iter().all(|cell| name(cell) || is_year(cell)) && next.fields.iter().any(name);
    // Of two columns the second may lack a name, but the first has one: that of the rows.
    let title = fields.len() > 2 || fields.len() == 2 && fields.last().is_some_and(Vec::is_empty);
    if title && 2 * named <= fields.len() && next.fields.len() >= fields.len() && is_header {
        return Err(TableError::Title { line, named, columns: fields.len(), header_line: next.line });
    }
    Ok(())
}
