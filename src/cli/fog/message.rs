//! The message: where it comes from, and how it is shown when it is back.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::console::Console;
use super::super::terminal::ask_for_lines;
use crate::foundation::observer::{Cancelled, Observer};
use crate::pipeline::PipelineError;
use crate::report;
use crate::scenarios::fog::{Report, Source};

/// The longest message that is shown, in bytes.
const SHOWN: u64 = 64 << 10;

/// Lines are asked for: who pastes a letter means all of it.
const QUESTION: &str = "Message, as many lines as you like; Ctrl-D on a new line ends it:\n";

/// Where the message comes from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The message")]
pub(super) struct MessageOptions {
    /// The message itself; other users of this machine can see it while the command runs
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
    /// The file with the message, text or not [default: standard input]
    #[arg(long, short, env = "HESTAT_FOG_FILE", value_name = "FILE", conflicts_with = "message")]
    file: Option<PathBuf>,
    /// Bytes of it in one token, at most; fewer if there are many parts [default: 32768 in parts of up to 1 MiB, which JOSE
    /// libraries take, else 4194304]
    #[arg(long, env = "HESTAT_FOG_CHUNK", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(4 << 10..=4 << 20))]
    pub(super) chunk: Option<u32>,
}

impl MessageOptions {
    /// The message; what can be read only once is copied to a file without a name in `out`, which is made, or among temporary
    /// files.
    pub(super) fn source(&self, out: Option<&Path>, console: &Console) -> anyhow::Result<Source> {
        let unusable = |place: String| move |source| PipelineError::File { path: place, source };
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
                    _ => unusable("what was typed".into())(error),
                })?;
                Source::spool(typed.as_slice(), "the message".into(), spool)
            }
            _ => Source::spool(io::stdin().lock(), "standard input".into(), spool),
        };
        Ok(source.map_err(|error| unusable(self.place_of(&error, spool))(error))?)
    }

    /// What cannot be used: where the message comes from or, if there is no room, where it is copied to.
    fn place_of(&self, error: &io::Error, spool: &Path) -> String {
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

/// Shows the message that is back: as it is if it is a short text, or if nothing else is wanted and no terminal shows it; else
/// where it lies. `is_kept` says whether the files outlive the command.
pub(super) fn show(returned: &Report, is_kept: bool, console: &Console) -> anyhow::Result<u8> {
    if console.quiet() && !console.json() && !io::stdout().is_terminal() {
        console.print_raw(&mut fs::File::open(&returned.file).map_err(|source| unreadable(returned, source))?)?;
        return Ok(0);
    }
    let text = text(returned)?;
    if console.json() {
        console.print(&report::json::line(&as_json(returned, text.as_deref(), is_kept)))?;
        return Ok(0);
    }
    if !console.quiet() {
        for (part, number) in returned.parts.iter().zip(1..) {
            let count = returned.parts.len();
            console.print(&format!("part {number} of {count}: {} bytes, encrypted by {}", part.bytes, part.node))?;
        }
        let place = if is_kept { format!(", in {}", returned.file.display()) } else { String::new() };
        console
            .print(&format!("message {}: {} bytes, back as it was sent{place}", returned.message, returned.bytes))?;
    }
    match text {
        Some(text) if text.is_empty() || text.ends_with('\n') => console.print_raw(&mut text.as_bytes())?,
        Some(text) => console.print(&text)?,
        None if is_kept => {}
        None => console.notice("the message is no short text and not shown; --out keeps it, --quiet passes it on"),
    }
    Ok(0)
}

fn unreadable(returned: &Report, source: io::Error) -> PipelineError {
    PipelineError::File { path: returned.file.display().to_string(), source }
}

/// The message, if it is a short text that does nothing to a terminal.
fn text(returned: &Report) -> anyhow::Result<Option<String>> {
    if returned.bytes > SHOWN {
        return Ok(None);
    }
    let bytes = fs::read(&returned.file).map_err(|source| unreadable(returned, source))?;
    Ok(String::from_utf8(bytes).ok().filter(|text| crate::foundation::text::is_printable(text)))
}

fn as_json(returned: &Report, text: Option<&str>, is_kept: bool) -> Value {
    let file = |path: &Path| is_kept.then(|| path.display().to_string());
    let part = |part: &crate::scenarios::fog::PartReport| json!({ "node": part.node.to_string(), "bytes": part.bytes, "file": file(&part.file) });
    json!({
        "message": returned.message.to_string(), "bytes": returned.bytes, "file": file(&returned.file), "text": text,
        "parts": returned.parts.iter().map(part).collect::<Vec<_>>()
    })
}
