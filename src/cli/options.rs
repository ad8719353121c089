//! Options that several commands share.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};

use super::exit::Usage;
use crate::crypto::Passphrase;
use crate::foundation::secret::Secret;
use crate::keystore::KeyStore;
use crate::pipeline::PipelineError;
use crate::statistics::{self, Statistic};
use crate::table::{CsvSource, Dialect, HeaderRow, Selection, names};

/// Where the client keeps keys.
#[derive(Debug, clap::Args)]
pub(super) struct StateOptions {
    /// Directory for keys and jobs [default: $XDG_STATE_HOME/hestat or ~/.local/state/hestat]
    #[arg(long, env = "HESTAT_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
}

impl StateOptions {
    pub(super) fn store(&self) -> anyhow::Result<KeyStore> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let by_user = || Some(std::env::home_dir()?.join(".local/state/hestat"));
        let found = self.state.clone().or_else(|| Some(set("XDG_STATE_HOME")?.join("hestat"))).or_else(by_user);
        let none = || Usage("there is no home directory for the state; name a directory with --state".into());
        Ok(KeyStore::new(found.ok_or_else(none)?))
    }
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

/// The CSV at `path`, or standard input for `-`.
pub(super) fn open_source(path: &Path, spool: &Path) -> anyhow::Result<CsvSource> {
    let unnamed = || tempfile::tempfile_in(spool);
    let source = if path == Path::new("-") {
        CsvSource::spool("standard input", io::stdin().lock(), unnamed)
    } else {
        CsvSource::open(path, unnamed)
    };
    Ok(source.map_err(PipelineError::from)?)
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

/// Protects keys on disk.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseOptions {
    /// The passphrase for the job's key is the first line of this file
    #[arg(long, env = "HESTAT_PASSPHRASE_FILE", value_name = "FILE", conflicts_with = "passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Ask for the passphrase on the terminal
    #[arg(long, env = "HESTAT_PASSPHRASE_PROMPT", value_parser = BoolishValueParser::new())]
    passphrase: bool,
}

/// The longest passphrase, in bytes.
const LONGEST_PASSPHRASE: u64 = 1 << 12;

impl PassphraseOptions {
    /// For a new key: none unless asked for, and asked twice.
    pub(super) fn to_protect(&self) -> anyhow::Result<Option<Passphrase>> {
        match (&self.passphrase_file, self.passphrase) {
            (Some(file), _) => from_file(file).map(Some),
            (None, false) => Ok(None),
            (None, true) => {
                let first = from_terminal("Passphrase for the new key: ")?;
                let again = from_terminal("Again: ")?;
                if first.expose() != again.expose() {
                    return Err(Usage("the two passphrases are not the same".into()).into());
                }
                Ok(Some(first))
            }
        }
    }

    /// For a key that is `protected` or not: asks on a terminal if no file is named.
    pub(super) fn to_open(&self, protected: bool) -> anyhow::Result<Option<Passphrase>> {
        match &self.passphrase_file {
            _ if !protected => Ok(None),
            Some(file) => from_file(file).map(Some),
            None if io::stdin().is_terminal() => from_terminal("Passphrase of the key: ").map(Some),
            None => Ok(None),
        }
    }
}

fn from_file(path: &Path) -> anyhow::Result<Passphrase> {
    let failed = |source| PipelineError::File { place: path.display().to_string(), source };
    let mut text = Secret::new(String::with_capacity(LONGEST_PASSPHRASE as usize));
    let file = File::open(path).map_err(failed)?;
    file.take(LONGEST_PASSPHRASE).read_to_string(text.expose_mut()).map_err(failed)?;
    let end = text.expose().find(['\r', '\n']).unwrap_or(text.expose().len());
    text.expose_mut().truncate(end);
    if text.expose().is_empty() {
        return Err(Usage(format!("the first line of {} is empty", path.display())).into());
    }
    Ok(text)
}

fn from_terminal(question: &str) -> anyhow::Result<Passphrase> {
    if !io::stdin().is_terminal() {
        return Err(Usage("no terminal to ask for the passphrase on; use --passphrase-file".into()).into());
    }
    let text = Secret::new(rpassword::prompt_password(question)?);
    if text.expose().is_empty() {
        return Err(Usage("an empty passphrase protects nothing".into()).into());
    }
    Ok(text)
}
