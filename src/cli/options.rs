//! Options that several commands share: the state directory, and which CSV file to read and how.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::{BoolishValueParser, PossibleValue, PossibleValuesParser};

use super::column_list;
use super::exit::Usage;
use crate::foundation::fs::FileId;
use crate::keystore::KeyStore;
use crate::pipeline::{PipelineError, Spool};
use crate::statistics::{self, Statistic};
use crate::table::{CsvSource, Dialect, HeaderRow, Rereadable, Selection, TableError};

/// The client's state directory.
#[derive(Debug, clap::Args)]
pub(super) struct StateOptions {
    /// Directory for keys and jobs [default: $XDG_STATE_HOME/hestat or ~/.local/state/hestat]
    #[arg(long, env = "HESTAT_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
}

impl StateOptions {
    pub(super) fn store(&self) -> anyhow::Result<KeyStore> {
        Ok(KeyStore::new(state_directory(self.state.as_ref(), "hestat", "--state")?))
    }
}

/// Returns the directory `given` with `option`, else the subdirectory `name` of the user's state directory (XDG Base
/// Directory Specification).
pub(super) fn state_directory(given: Option<&PathBuf>, name: &str, option: &str) -> anyhow::Result<PathBuf> {
    let xdg_state_home = || std::env::var_os("XDG_STATE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let in_home = || Some(std::env::home_dir()?.join(".local/state"));
    let directory = given.cloned().or_else(|| Some(xdg_state_home().or_else(in_home)?.join(name)));
    let no_home = || Usage(format!("there is no home directory for the state; set a directory with {option}"));
    Ok(directory.ok_or_else(no_home)?)
}

/// Which CSV file to read, how, and which statistics to compute.
#[derive(Debug, clap::Args)]
pub(super) struct TableOptions {
    /// CSV file to encrypt; - is standard input
    #[arg(value_name = "CSV", conflicts_with = "input")]
    csv: Option<PathBuf>,
    /// CSV file to encrypt, instead of the argument CSV
    #[arg(long, short, env = "HESTAT_INPUT", value_name = "FILE", conflicts_with = "csv")]
    input: Option<PathBuf>,
    /// Columns to use, separated by commas; put a name that contains a comma in quotes, as in '"a, b"' [default: all
    /// numeric columns]
    #[arg(long, env = "HESTAT_COLUMNS", value_name = "NAMES", allow_hyphen_values = true)]
    columns: Option<Vec<Names>>,
    /// Columns to skip
    #[arg(long, env = "HESTAT_EXCLUDE", value_name = "NAMES", allow_hyphen_values = true)]
    exclude: Vec<Names>,
    /// Statistics to compute [default: all]
    #[arg(
        long,
        env = "HESTAT_STATISTICS",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(statistics::ALL.map(Statistic::name))
    )]
    statistics: Option<Vec<String>>,
    #[command(flatten)]
    format: FormatOptions,
}

/// How to read the CSV file.
#[derive(Debug, clap::Args)]
struct FormatOptions {
    /// Cell delimiter: a character, "tab" or "space" [default: detected from the first rows]
    #[arg(long, env = "HESTAT_DELIMITER", value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true)]
    delimiter: Option<u8>,
    /// Numbers have a decimal comma [default: detected, if the first rows are unambiguous]
    #[arg(
        long,
        env = "HESTAT_DECIMAL_COMMA",
        value_parser = BoolishValueParser::new(),
        conflicts_with = "decimal_point"
    )]
    decimal_comma: bool,
    /// Numbers have a decimal point
    #[arg(
        long,
        env = "HESTAT_DECIMAL_POINT",
        value_parser = BoolishValueParser::new(),
        conflicts_with = "decimal_comma"
    )]
    decimal_point: bool,
    /// Thousands separator: a character, "space" or "apostrophe" [default: none]
    #[arg(long, env = "HESTAT_THOUSANDS", value_name = "CHAR", value_parser = thousands)]
    thousands: Option<char>,
    /// Whether the first line contains column names
    #[arg(long, env = "HESTAT_HEADER", value_name = "WHETHER", default_value = "expected", value_enum)]
    header: HeaderRow,
    /// Cells that mean "no value", separated by commas; numbers are compared by value, and blank cells always mean "no
    /// value" [default: NA, N/A, NaN and null]
    #[arg(long, env = "HESTAT_MISSING", value_name = "CODES", allow_hyphen_values = true)]
    missing: Option<Vec<Names>>,
    /// Number of lines to skip at the beginning of the file
    #[arg(long, env = "HESTAT_SKIP_LINES", value_name = "N", default_value_t = 0)]
    skip_lines: u64,
    /// Skip lines that begin with this character
    #[arg(long, env = "HESTAT_COMMENT", value_name = "CHAR", value_parser = comment)]
    comment: Option<u8>,
    /// Fill rows that are shorter than the header with missing values
    #[arg(long, env = "HESTAT_FILL_SHORT_ROWS", value_parser = BoolishValueParser::new())]
    fill_short_rows: bool,
    /// Treat quotation marks as data
    #[arg(long, env = "HESTAT_NO_QUOTES", value_parser = BoolishValueParser::new())]
    no_quotes: bool,
}

impl FormatOptions {
    fn dialect(&self) -> Result<Dialect, Usage> {
        let decimal_separator = match (self.decimal_comma, self.decimal_point) {
            (true, _) => Some(b','),
            (_, true) => Some(b'.'),
            (false, false) => None,
        };
        if self.thousands.is_some_and(|separator| decimal_separator.map(char::from) == Some(separator)) {
            return Err(Usage("--thousands is also the decimal separator; use another character".into()));
        }
        Ok(Dialect {
            delimiter: self.delimiter,
            decimal_separator,
            thousands: self.thousands,
            header: self.header,
            missing: self.missing.as_deref().map_or(Dialect::default().missing, codes),
            skip_lines: self.skip_lines,
            comment: self.comment,
            fill_short_rows: self.fill_short_rows,
            quotes: !self.no_quotes,
        })
    }
}

/// A list of names in one argument. Several such arguments form one list.
#[derive(Debug, Clone)]
struct Names(Vec<String>);

impl From<&str> for Names {
    fn from(list: &str) -> Self {
        Self(column_list::split(list))
    }
}

fn concat(lists: &[Names]) -> Vec<String> {
    lists.iter().flat_map(|Names(names)| names.clone()).collect()
}

/// Returns the codes for missing values, trimmed: cells are trimmed before they are compared.
fn codes(lists: &[Names]) -> Vec<String> {
    let trimmed = concat(lists).into_iter().map(|code| code.trim().to_owned());
    trimmed.filter(|code| !code.is_empty()).collect()
}

impl TableOptions {
    /// Opens the file. Input that can be read only once is copied to `spool` first.
    pub(super) fn source(&self, spool: &Path) -> anyhow::Result<CsvSource> {
        open_source(self.path()?, spool)
    }

    /// Returns the path of the CSV file; `-` is standard input.
    pub(super) fn path(&self) -> Result<&Path, Usage> {
        let missing = || Usage("a CSV file is required".into());
        self.csv.as_deref().or(self.input.as_deref()).ok_or_else(missing)
    }

    pub(super) fn dialect(&self) -> anyhow::Result<Dialect> {
        Ok(self.format.dialect()?)
    }

    pub(super) fn selection(&self) -> Selection {
        Selection { only: self.columns.as_deref().map(concat), except: concat(&self.exclude) }
    }

    /// Returns the selected statistics, in the order of [`statistics::ALL`].
    pub(super) fn statistics(&self) -> Vec<&'static dyn Statistic> {
        let is_selected = |statistic: &&'static dyn Statistic| {
            self.statistics.as_ref().is_none_or(|names| names.iter().any(|name| name == statistic.name()))
        };
        statistics::ALL.into_iter().filter(is_selected).collect()
    }
}

/// Opens the CSV file at `path`, or standard input for `-`. Input that can be read only once is copied to memory or,
/// encrypted, to `spool`.
pub(super) fn open_source(path: &Path, spool: &Path) -> anyhow::Result<CsvSource> {
    if path == Path::new("-") {
        let name = "standard input";
        let unreadable = |source| PipelineError::from(TableError::Read { path: name.into(), source });
        let copy = Spool::fill(io::stdin().lock(), spool).map_err(unreadable)?;
        return Ok(CsvSource::spooled(name, Box::new(copy)));
    }
    let copy = |pipe| Ok(Box::new(Spool::fill(pipe, spool)?) as Box<dyn Rereadable>);
    Ok(CsvSource::open(path, copy).map_err(PipelineError::from)?)
}

/// Fails if `output` is the CSV file that is read, which the results would replace.
pub(super) fn forbid_overlap(table: Option<&Path>, output: &Path) -> anyhow::Result<()> {
    let Some(output_id) = file_id(output) else { return Ok(()) };
    let table_id = table.and_then(|path| if path == Path::new("-") { stdin_id() } else { file_id(path) });
    if table_id == Some(output_id) {
        return Err(
            Usage(format!("--output {} is the CSV file that is read; use another file", output.display())).into()
        );
    }
    Ok(())
}

fn file_id(path: &Path) -> Option<FileId> {
    path.metadata().ok().map(|meta| FileId::from(&meta))
}

/// Returns the identity of the file that standard input is redirected from.
fn stdin_id() -> Option<FileId> {
    let input = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let meta = File::from(input).metadata().ok()?;
    meta.is_file().then(|| FileId::from(&meta))
}

impl ValueEnum for HeaderRow {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Expected, Self::Present, Self::Absent]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Expected => "expected",
            Self::Present => "present",
            Self::Absent => "absent",
        }))
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"space" => Ok(b' '),
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("expected an ASCII character, \"tab\" or \"space\"".into()),
    }
}

fn thousands(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("space", ..) => Ok(' '),
        ("apostrophe", ..) | (_, Some('\u{2019}'), None) => Ok('\''),
        (_, Some(separator), None) if separator.is_whitespace() => Ok(' '),
        (_, Some(separator), None) if !separator.is_alphanumeric() && !"+-\"".contains(separator) => Ok(separator),
        _ => Err("expected a character, \"space\" or \"apostrophe\"".into()),
    }
}

fn comment(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_graphic() && *byte != b'"' => Ok(*byte),
        _ => Err("expected an ASCII character other than a quotation mark".into()),
    }
}
