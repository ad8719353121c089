//! Options for the message, and the output of its report.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::console::Console;
use super::super::terminal::ask_for_lines;
use crate::foundation::observer::{Cancel, Cancelled, Notices};
use crate::foundation::text::is_printable;
use crate::pipeline::PipelineError;
use crate::report::json::line;
use crate::scenarios::fog::{MessageReport, PartReport, Source};

/// The maximum length of a message that is printed, in bytes.
const MAX_PRINTED: u64 = 64 << 10;

/// Asks for any number of lines, since a message may be pasted.
const QUESTION: &str = "Message (any number of lines; end with Ctrl-D on a new line):\n";

/// The message, and how it is divided.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Message")]
pub(super) struct MessageOptions {
    /// Text of the message; other users of this machine can see it while the command runs
    #[arg(
        long,
        short,
        env = "HESTAT_FOG_MESSAGE",
        value_name = "TEXT",
        allow_hyphen_values = true,
        hide_env_values = true,
        conflicts_with = "file"
    )]
    message: Option<String>,
    /// File with the message, text or binary [default: standard input]
    #[arg(long, short, env = "HESTAT_FOG_FILE", value_name = "FILE", conflicts_with = "message")]
    file: Option<PathBuf>,
    /// Maximum message bytes in one token; less if there are many parts [default: 32768 in parts of up to 1 MiB, which
    /// JOSE libraries accept, else 4194304]
    #[arg(
        long,
        env = "HESTAT_FOG_CHUNK",
        value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(4 << 10..=4 << 20)
    )]
    pub(super) chunk: Option<u32>,
}

impl MessageOptions {
    /// Opens the message. A stream is first copied to an unnamed file in `out`, which is created if missing, or in the
    /// system's directory for temporary files.
    pub(super) fn source(&self, out: Option<&Path>, console: &Console) -> anyhow::Result<Source> {
        let unusable = |path: String| move |source| PipelineError::File { path, source };
        let spool = &out.map_or_else(std::env::temp_dir, Path::to_path_buf);
        if let Some(out) = out {
            fs::create_dir_all(out).map_err(unusable(out.display().to_string()))?;
        }
        let source = match (&self.message, &self.file) {
            (Some(text), _) => Source::spool(text.as_bytes(), "the message".into(), spool),
            (_, Some(path)) if path != Path::new("-") => Source::open(path, spool),
            _ if io::stdin().is_terminal() => {
                let typed = console.with_signals(|| ask_for_lines(QUESTION, || console.check_cancelled().is_ok()));
                let typed = typed.map_err(|error| match error.kind() {
                    io::ErrorKind::Interrupted => PipelineError::Cancelled(Cancelled),
                    _ => unusable("the typed message".into())(error),
                })?;
                Source::spool(typed.as_slice(), "the message".into(), spool)
            }
            _ => Source::spool(io::stdin().lock(), "standard input".into(), spool),
        };
        Ok(source.map_err(|error| unusable(self.failed_path(&error, spool))(error))?)
    }

    /// Returns the name of what could not be used: the source or, if a copy cannot be written, its directory.
    fn failed_path(&self, error: &io::Error, spool: &Path) -> String {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match &self.file {
            _ if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem) => {
                spool.display().to_string()
            }
            Some(path) => path.display().to_string(),
            None if self.message.is_some() => "the message".into(),
            None => "standard input".into(),
        }
    }
}

/// Prints the report, and the message itself if it is a short text. With `--quiet`, if standard output is not a
/// terminal, prints exactly the message. `is_kept` says whether the files remain after the command.
pub(super) fn show(report: &MessageReport, is_kept: bool, console: &Console) -> anyhow::Result<u8> {
    if console.quiet() && !console.json() && !io::stdout().is_terminal() {
        console.print_raw(&mut fs::File::open(&report.file).map_err(|source| unreadable(report, source))?)?;
        return Ok(0);
    }
    let text = text(report)?;
    if console.json() {
        console.print(&line(&as_json(report, text.as_deref(), is_kept)))?;
        return Ok(0);
    }
    if !console.quiet() {
        for (part, number) in report.parts.iter().zip(1..) {
            let count = report.parts.len();
            console.print(&format!("part {number} of {count}: {} bytes, encrypted by {}", part.bytes, part.node))?;
        }
        let path = if is_kept { format!(", in {}", report.file.display()) } else { String::new() };
        console.print(&format!("message {}: {} bytes, returned unchanged{path}", report.message, report.bytes))?;
    }
    match text {
        Some(text) if text.is_empty() || text.ends_with('\n') => console.print_raw(&mut text.as_bytes())?,
        Some(text) => console.print(&text)?,
        None if is_kept => {}
        None => console
            .notice("the message is not a short text and is not printed; keep it with --out or pipe it with --quiet"),
    }
    Ok(0)
}

fn unreadable(report: &MessageReport, source: io::Error) -> PipelineError {
    PipelineError::File { path: report.file.display().to_string(), source }
}

/// Returns the message if it is a short text without characters that control a terminal.
fn text(report: &MessageReport) -> anyhow::Result<Option<String>> {
    if report.bytes > MAX_PRINTED {
        return Ok(None);
    }
    let bytes = fs::read(&report.file).map_err(|source| unreadable(report, source))?;
    Ok(String::from_utf8(bytes).ok().filter(|text| is_printable(text)))
}

fn as_json(report: &MessageReport, text: Option<&str>, is_kept: bool) -> Value {
    let file = |path: &Path| is_kept.then(|| path.display().to_string());
    let part =
        |part: &PartReport| json!({ "node": part.node.to_string(), "bytes": part.bytes, "file": file(&part.file) });
    json!({
        "message": report.message.to_string(), "bytes": report.bytes, "file": file(&report.file), "text": text,
        "parts": report.parts.iter().map(part).collect::<Vec<_>>()
    })
}
