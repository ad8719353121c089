//! Options that several commands share.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};

use super::column_list;
use super::exit::Usage;
use crate::keystore::KeyStore;
use crate::pipeline::{PipelineError, Spool};
use crate::statistics::{self, Statistic};
use crate::table::{CsvSource, Dialect, HeaderRow, Rereadable, Selection, TableError};

/// Where the client keeps keys.
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

/// The directory that was `named`; else `usual` among the user's states (XDG Base Directory Specification).
pub(super) fn state_directory(named: Option<&PathBuf>, usual: &str, option: &str) -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let by_user = || Some(std::env::home_dir()?.join(".local/state"));
    let found = named.cloned().or_else(|| Some(set("XDG_STATE_HOME").or_else(by_user)?.join(usual)));
    let none = || Usage(format!("there is no home directory for the state; name a directory with {option}"));
    Ok(found.ok_or_else(none)?)
}

/// The table, and how it is read.
#[derive(Debug, clap::Args)]
pub(super) struct TableOptions {
    /// CSV file to encrypt; - reads standard input
    #[arg(long, short, env = "HESTAT_INPUT", value_name = "FILE", required_unless_present = "resume")]
    input: Option<PathBuf>,
    /// Only these columns, commas between them; one with a comma in '"quotation, marks"' (default: all that hold numbers)
    #[arg(long, env = "HESTAT_COLUMNS", value_name = "NAMES", allow_hyphen_values = true)]
    columns: Option<Vec<Names>>,
    /// Never these columns
    #[arg(long, env = "HESTAT_EXCLUDE", value_name = "NAMES", allow_hyphen_values = true)]
    exclude: Vec<Names>,
    /// Which statistics (default: all)
    #[arg(long, env = "HESTAT_STATISTICS", value_name = "NAME", value_delimiter = ',', value_parser = statistic_names())]
    statistics: Option<Vec<String>>,
    #[command(flatten)]
    format: FormatOptions,
}

/// How the table is written.
#[derive(Debug, clap::Args)]
struct FormatOptions {
    /// What separates cells: a character, "tab" or "space" (default: found out from the first rows)
    #[arg(long, env = "HESTAT_DELIMITER", value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true)]
    delimiter: Option<u8>,
    /// Numbers have a decimal comma (default: found out, if the first rows leave no doubt)
    #[arg(long, env = "HESTAT_DECIMAL_COMMA", value_parser = BoolishValueParser::new())]
    decimal_comma: bool,
    /// Numbers have a decimal point
    #[arg(long, env = "HESTAT_DECIMAL_POINT", value_parser = BoolishValueParser::new())]
    decimal_point: bool,
    /// What separates groups of three digits: a character, "space" or "apostrophe" (default: nothing)
    #[arg(long, env = "HESTAT_THOUSANDS", value_name = "CHAR", value_parser = thousands)]
    thousands: Option<char>,
    /// Whether the first line names the columns
    #[arg(long, env = "HESTAT_HEADER", value_name = "WHETHER", default_value = "expected", value_parser = header())]
    header: HeaderRow,
    /// Cells that mean "no value", commas between them, instead of NA, N/A, NaN and null; numbers are compared by value,
    /// and blank cells always mean it
    #[arg(long, env = "HESTAT_MISSING", value_name = "CODES", allow_hyphen_values = true)]
    missing: Option<Vec<Names>>,
    /// Skip so many lines at the beginning of the file
    #[arg(long, env = "HESTAT_SKIP_LINES", value_name = "N", default_value_t = 0)]
    skip_lines: u64,
    /// Skip lines that begin with this character
    #[arg(long, env = "HESTAT_COMMENT", value_name = "CHAR", value_parser = comment)]
    comment: Option<u8>,
    /// Rows that are shorter than the header end with missing values
    #[arg(long, env = "HESTAT_FILL_SHORT_ROWS", value_parser = BoolishValueParser::new())]
    fill_short_rows: bool,
    /// Quotation marks are part of the data
    #[arg(long, env = "HESTAT_NO_QUOTES", value_parser = BoolishValueParser::new())]
    no_quotes: bool,
}

impl FormatOptions {
    fn dialect(&self) -> Result<Dialect, Usage> {
        let decimal_separator = match (self.decimal_comma, self.decimal_point) {
            (true, true) => return Err(Usage("--decimal-comma and --decimal-point exclude each other".into())),
            (true, false) => Some(b','),
            (false, true) => Some(b'.'),
            (false, false) => None,
        };
        if self.thousands.is_some_and(|separator| decimal_separator.map(char::from) == Some(separator)) {
            return Err(Usage("--thousands names the decimal mark; it must be another character".into()));
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

/// A list of names in one argument; several such arguments are one list.
#[derive(Debug, Clone)]
struct Names(Vec<String>);

impl From<&str> for Names {
    fn from(list: &str) -> Self {
        Self(column_list::split(list))
    }
}

fn together(lists: &[Names]) -> Vec<String> {
    lists.iter().flat_map(|Names(names)| names.clone()).collect()
}

/// Cells are compared without the blanks around them, and so are the codes.
fn codes(lists: &[Names]) -> Vec<String> {
    let trimmed = together(lists).into_iter().map(|code| code.trim().to_owned());
    trimmed.filter(|code| !code.is_empty()).collect()
}

impl TableOptions {
    /// The file to read; what can be read only once is copied below `spool` first.
    pub(super) fn source(&self, spool: &Path) -> anyhow::Result<CsvSource> {
        let missing = || Usage("--input FILE is needed: the CSV file to encrypt".into());
        open_source(self.input.as_deref().ok_or_else(missing)?, spool)
    }

    /// Where the table lies; `-` is standard input.
    pub(super) fn path(&self) -> Option<&Path> {
        self.input.as_deref()
    }

    pub(super) fn dialect(&self) -> anyhow::Result<Dialect> {
        Ok(self.format.dialect()?)
    }

    pub(super) fn selection(&self) -> Selection {
        Selection { only: self.columns.as_deref().map(together), except: together(&self.exclude) }
    }

    /// The chosen statistics, in their usual order.
    pub(super) fn statistics(&self) -> Vec<&'static dyn Statistic> {
        let chosen = |statistic: &&'static dyn Statistic| {
            self.statistics.as_ref().is_none_or(|names| names.iter().any(|name| name == statistic.name()))
        };
        statistics::ALL.into_iter().filter(chosen).collect()
    }
}

/// The CSV at `path`, or standard input for `-`; what can be read only once is kept in memory or, encrypted, in `spool`.
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

/// That `output` is not the table that is read: results must not take the data's place.
pub(super) fn forbid_overlap(table: Option<&Path>, output: &Path) -> anyhow::Result<()> {
    let Some(taken) = identity(output) else { return Ok(()) };
    let table = table.and_then(|path| if path == Path::new("-") { identity_of_input() } else { identity(path) });
    if table == Some(taken) {
        return Err(Usage(format!("--output {} is the table itself; name another file", output.display())).into());
    }
    Ok(())
}

/// Device and number of the file at `path`, if there is one.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}

/// The same of the file that standard input is redirected from.
fn identity_of_input() -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let input = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let meta = File::from(input).metadata().ok()?;
    meta.is_file().then(|| (meta.dev(), meta.ino()))
}

fn statistic_names() -> PossibleValuesParser {
    PossibleValuesParser::new(statistics::ALL.map(Statistic::name))
}

fn header() -> impl TypedValueParser<Value = HeaderRow> {
    PossibleValuesParser::new(["expected", "present", "absent"]).map(|word| match word.as_str() {
        "present" => HeaderRow::Present,
        "absent" => HeaderRow::Absent,
        _ => HeaderRow::Expected,
    })
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"space" => Ok(b' '),
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("one ASCII character, or one of the words tab and space".into()),
    }
}

fn thousands(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("space", ..) => Ok(' '),
        ("apostrophe", ..) | (_, Some('\u{2019}'), None) => Ok('\''),
        (_, Some(separator), None) if separator.is_whitespace() => Ok(' '),
        (_, Some(separator), None) if !separator.is_alphanumeric() && !"+-\"".contains(separator) => Ok(separator),
        _ => Err("one character, or one of the words space and apostrophe".into()),
    }
}

fn comment(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_graphic() && *byte != b'"' => Ok(*byte),
        _ => Err("one ASCII character that is no quotation mark".into()),
    }
}
