//! The only place that prints: results on stdout, everything else on stderr.

use std::io::{self, Read, Write};
use std::sync::Arc;

use clap::builder::BoolishValueParser;

use super::confirm::Confirmer;
use super::progress::{Screen, say};
use super::signals::Signals;
use crate::foundation::observer::{Cancelled, Observer, Stage};
use crate::report::json::escaped;

/// How much is shown, and in which form; for all commands.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct OutputOptions {
    /// No progress and no notices, only results and errors
    #[arg(long, short, global = true, env = "HESTAT_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,
    /// Results as JSON
    #[arg(long, global = true, env = "HESTAT_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Shows progress on a terminal, prints results, and hears the signals that ask for an end.
pub(super) struct Console {
    shown: OutputOptions,
    signals: Signals,
    screen: Arc<Screen>,
}

impl Console {
    pub(super) fn new(shown: OutputOptions) -> Self {
        Self { shown, signals: Signals::default(), screen: Arc::new(Screen::new(!shown.quiet)) }
    }

    /// From now on a signal asks the work to end and leave nothing behind; a second one from somebody who asks ends the
    /// process at once, as the first did before.
    pub(super) fn hear_signals(&self) {
        self.signals.hear();
    }

    /// Asks something, and hears signals meanwhile: they end the question, and the terminal is left as it was.
    pub(super) fn hearing<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.signals.hear_during(ask)
    }

    /// Who asks the user, from whatever thread.
    pub(super) fn asker(&self) -> Confirmer {
        Confirmer::new(Arc::clone(&self.screen), self.signals.observer())
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
        self.print(&escaped(&format!("{json:#}")))
    }

    /// Prints an error, its causes and the next step.
    pub(super) fn error(&self, error: &anyhow::Error, next: Option<&str>) {
        self.end();
        let next = next.map(|next| format!("\n{next}")).unwrap_or_default();
        say(&format!("error: {error:#}{next}"));
    }
}

impl Observer for Console {
    fn begin(&self, stage: Stage, total: u64) {
        self.screen.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.screen.advance(units);
    }

    fn end(&self) {
        self.screen.end();
    }

    fn notice(&self, message: &str) {
        if !self.shown.quiet {
            self.screen.notice(message);
        }
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.signals.go_on()
    }
}
