//! All output of the program: results on stdout, everything else on stderr.

use std::io::{self, Read, Write};
use std::sync::Arc;

use clap::builder::BoolishValueParser;

use super::confirm::Confirmer;
use super::progress::{ProgressDisplay, write_line};
use super::signals::Signals;
use crate::foundation::observer::{Cancel, Cancelled, Notices, Observer, Progress, Stage};
use crate::report::json::escaped;

/// Output options of all commands.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct OutputOptions {
    /// Show only results and errors, no progress and no notices
    #[arg(long, short, global = true, env = "HESTAT_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,
    /// Print results as JSON
    #[arg(long, global = true, env = "HESTAT_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Prints results, shows progress on a terminal, and reports signals as cancellation.
pub(super) struct Console {
    options: OutputOptions,
    signals: Signals,
    display: Arc<ProgressDisplay>,
}

impl Console {
    pub(super) fn new(options: OutputOptions) -> Self {
        Self { options, signals: Signals::default(), display: Arc::new(ProgressDisplay::new(!options.quiet)) }
    }

    /// From now on, a signal cancels the work, which then cleans up. A second SIGINT or SIGTERM ends the process at
    /// once.
    pub(super) fn handle_signals(&self) {
        self.signals.handle();
    }

    /// Handles signals during a prompt, so that they cancel it and the terminal's modes are restored.
    pub(super) fn with_signals<T>(&self, prompt: impl FnOnce() -> T) -> T {
        self.signals.handle_during(prompt)
    }

    /// Returns a handle for asking the user yes-or-no questions, from any thread.
    pub(super) fn confirmer(&self) -> Confirmer {
        Confirmer::new(Arc::clone(&self.display), self.signals.cancel_flag())
    }

    /// Returns an observer that reports to this console and is cancelled by signals.
    pub(super) fn observer(&self) -> Observer<'_> {
        Observer::new(self)
    }

    /// Whether to show only results and errors.
    pub(super) fn quiet(&self) -> bool {
        self.options.quiet
    }

    /// Whether to print results as JSON.
    pub(super) fn json(&self) -> bool {
        self.options.json
    }

    /// Prints a result and a line break. It is no error if the reader of a pipe has closed it, so that the exit code
    /// does not depend on the reader.
    pub(super) fn print(&self, text: &str) -> io::Result<()> {
        self.print_raw(&mut format!("{}\n", text.trim_end_matches('\n')).as_bytes())
    }

    /// Copies a result to stdout unchanged.
    #[expect(clippy::unused_self, reason = "only an owner of the console may print")]
    pub(super) fn print_raw(&self, result: &mut impl Read) -> io::Result<()> {
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

    /// Prints an error with its causes, and the next step.
    pub(super) fn error(&self, error: &anyhow::Error, next_step: Option<&str>) {
        self.end();
        let next_step = next_step.map(|step| format!("\n{step}")).unwrap_or_default();
        write_line(&format!("error: {error:#}{next_step}"));
    }
}

impl Progress for Console {
    fn begin(&self, stage: Stage, total: u64) {
        self.display.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.display.advance(units);
    }

    fn end(&self) {
        self.display.end();
    }
}

impl Notices for Console {
    fn notice(&self, message: &str) {
        if !self.options.quiet {
            self.display.notice(message);
        }
    }
}

impl Cancel for Console {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.signals.check_cancelled()
    }
}
