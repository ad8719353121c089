//! Options that several commands share.

use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};

use super::exit::Usage;
use crate::keystore::KeyStore;
use crate::pipeline::{PipelineError, Spool};
use crate::statistics::{self, Statistic};
use crate::table::{CsvSource, Dialect, HeaderRow, Rereadable, Selection, TableError, names};

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
    #[arg(long, env = "HESTAT_COLUMNS", value_name = "NAMES")]
    columns: Option<Vec<Names>>,
    /// Never these columns
    #[arg(long, env = "HESTAT_EXCLUDE", value_name = "NAMES")]
    exclude: Vec<Names>,
    /// Which statistics (default: all)
    #[arg(long, env = "HESTAT_STATISTICS", value_name = "NAME", value_delimiter = ',', value_parser = statistic_names())]
    statistics: Option<Vec<String>>,
    /// What separates cells: a character, or "tab" (default: found out)
    #[arg(long, env = "HESTAT_DELIMITER", value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Numbers are written with a decimal comma
    #[arg(long, env = "HESTAT_DECIMAL_COMMA", value_parser = BoolishValueParser::new())]
    decimal_comma: bool,
    /// Whether the first line names the columns
    #[arg(long, env = "HESTAT_HEADER", value_name = "WHETHER", default_value = "expected", value_parser = header())]
    header: HeaderRow,
    /// Cells that mean "no value", instead of NA, N/A, NaN and null; blank cells always do
    #[arg(long, env = "HESTAT_MISSING", value_name = "TOKENS", allow_hyphen_values = true)]
    missing: Option<Vec<Names>>,
}

/// A list of names in one argument; several such arguments are one list.
#[derive(Debug, Clone)]
struct Names(Vec<String>);

impl From<&str> for Names {
    fn from(list: &str) -> Self {
        Self(names::split(list))
    }
}

fn together(lists: &[Names]) -> Vec<String> {
    lists.iter().flat_map(|Names(names)| names.clone()).collect()
}

impl TableOptions {
    /// The file to read; what can be read only once is copied below `spool` first.
    pub(super) fn source(&self, spool: &Path) -> anyhow::Result<CsvSource> {
        let missing = || Usage("--input FILE is needed: the CSV file to encrypt".into());
        open_source(self.input.as_deref().ok_or_else(missing)?, spool)
    }

    /// Where the table lies, unless it comes from standard input.
    pub(super) fn path(&self) -> Option<&Path> {
        self.input.as_deref().filter(|path| *path != Path::new("-"))
    }

    pub(super) fn dialect(&self) -> Dialect {
        let usual = Dialect::default();
        Dialect {
            delimiter: self.delimiter,
            decimal_mark: if self.decimal_comma { b',' } else { b'.' },
            header: self.header,
            missing: self.missing.as_deref().map_or(usual.missing, together),
        }
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
pub(super) fn keep_apart(table: Option<&Path>, output: &Path) -> anyhow::Result<()> {
    let Some(taken) = identity(output) else { return Ok(()) };
    if table.and_then(identity) == Some(taken) {
        return Err(Usage(format!("--output {} is the table itself; name another file", output.display())).into());
    }
    Ok(())
}

/// Device and number of the file at `path`, if there is one.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
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
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("one ASCII character, or the word tab".into()),
    }
}
