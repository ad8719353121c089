//! The only place that prints: results on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use clap::builder::BoolishValueParser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::signals;
use crate::foundation::observer::{Observer, Silent, Stage, Stopped};
use crate::foundation::text::printable;

/// How much is shown, and in which form; for all commands.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Shown {
    /// No progress and no notices, only results and errors
    #[arg(long, short, global = true, env = "HESTAT_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,
    /// Results as JSON
    #[arg(long, global = true, env = "HESTAT_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Shows progress on a terminal, prints results, and hears the signals that ask for an end.
pub(super) struct Console {
    shown: Shown,
    stop: Arc<AtomicBool>,
    bar: Mutex<ProgressBar>,
}

impl Console {
    pub(super) fn new(shown: Shown) -> Self {
        Self { shown, stop: Arc::default(), bar: Mutex::new(ProgressBar::hidden()) }
    }

    /// From now on a signal asks the work to end and leave nothing behind; a second one from somebody who asks ends the
    /// process at once, as the first did before.
    pub(super) fn hear_signals(&self) {
        signals::hear(&self.stop);
    }

    /// What hears the same signals and shows nothing.
    pub(super) fn silent(&self) -> Silent {
        Arc::clone(&self.stop).into()
    }

    /// Whether only results and errors are wanted.
    pub(super) fn quiet(&self) -> bool {
        self.shown.quiet
    }

    /// Whether results are wanted as JSON.
    pub(super) fn json(&self) -> bool {
        self.shown.json
    }

    /// Prints a result, and what ends its last line. Whoever stopped reading has seen enough; how the command ends does
    /// not depend on it.
    pub(super) fn print(&self, text: &str) -> io::Result<()> {
        self.pass_on(&mut format!("{}\n", text.trim_end_matches('\n')).as_bytes())
    }

    /// Prints a result just as it is.
    #[expect(clippy::unused_self, reason = "who prints shows that it has the console")]
    pub(super) fn pass_on(&self, result: &mut impl Read) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match io::copy(result, &mut stdout).and_then(|_| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome
                .map_err(|error| io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))),
        }
    }

    /// Prints a JSON result.
    pub(super) fn print_json(&self, json: &serde_json::Value) -> io::Result<()> {
        self.print(&format!("{json:#}"))
    }

    /// Prints an error, its causes and the next step.
    pub(super) fn error(&self, error: &anyhow::Error, next: Option<&str>) {
        self.end();
        let next = next.map(|next| format!("\n{next}")).unwrap_or_default();
        say(&format!("error: {error:#}{next}"));
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a line to stderr. Names and paths come from others: what in them would command a terminal does not reach it.
pub(super) fn say(text: &str) {
    // There is nobody left to tell if this fails.
    drop(writeln!(io::stderr().lock(), "{}", printable(text)));
}

impl Observer for Console {
    fn begin(&self, stage: Stage, total: u64) {
        self.end();
        if !self.shown.quiet && io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            bar.set_style(style(stage));
            bar.set_message(title(stage));
            *self.bar() = bar;
        }
    }

    fn advance(&self, units: u64) {
        self.bar().inc(units);
    }

    fn end(&self) {
        let bar = std::mem::replace(&mut *self.bar(), ProgressBar::hidden());
        if !bar.is_hidden() {
            bar.abandon();
        }
    }

    fn notice(&self, message: &str) {
        if !self.shown.quiet {
            self.bar().suspend(|| say(&format!("note: {message}")));
        }
    }

    fn go_on(&self) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "reading",
        Stage::Encrypting | Stage::Returning => "encrypting",
        Stage::Uploading => "uploading",
        Stage::Computing => "computing",
        Stage::Downloading => "downloading",
        Stage::Waiting => "server computes",
        Stage::Checking => "checking",
        Stage::Gathering => "waiting for nodes",
    }
}

fn style(stage: Stage) -> ProgressStyle {
    let count = match stage {
        Stage::Reading | Stage::Uploading | Stage::Downloading | Stage::Checking | Stage::Returning => {
            "{bytes}/{total_bytes} {bytes_per_sec}"
        }
        Stage::Encrypting => "{human_pos}/{human_len} rows {per_sec}",
        Stage::Gathering => "{human_pos}/{human_len}",
        Stage::Computing | Stage::Waiting => "{human_pos}/{human_len} blocks {per_sec}",
    };
    let template = format!("{{msg:>17}} {{bar:40}} {count}");
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
