//! The progress bar and notices on stderr. Both are held back while the user is asked something.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::foundation::observer::{Stage, Unit};
use crate::foundation::text::sanitize;

/// The bar and the notices, shared by all threads.
pub(super) struct Screen {
    has_bars: bool,
    state: Mutex<State>,
}

struct State {
    stage: Option<Stage>,
    bar: ProgressBar,
    open_questions: usize,
    /// Notices to show when the last question is closed.
    deferred: Vec<String>,
}

/// Holds back the bar and notices until it is dropped.
pub(super) struct Question(Arc<Screen>);

impl Screen {
    /// Shows bars only if `wants_bars` and stderr is a terminal.
    pub(super) fn new(wants_bars: bool) -> Self {
        let state = State { stage: None, bar: ProgressBar::hidden(), open_questions: 0, deferred: Vec::new() };
        Self { has_bars: wants_bars && io::stderr().is_terminal(), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a bar for `total` units in place of the previous one.
    pub(super) fn begin(&self, stage: Stage, total: u64) {
        self.end();
        if self.has_bars {
            let mut inner = self.lock();
            inner.stage = Some(stage);
            inner.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
            inner.show();
        }
    }

    pub(super) fn advance(&self, units: u64) {
        self.lock().bar.inc(units);
    }

    /// Stops updating the bar, and leaves it on the terminal.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.stage = None;
        let bar = std::mem::replace(&mut inner.bar, ProgressBar::hidden());
        if !bar.is_hidden() {
            bar.abandon();
        }
    }

    pub(super) fn notice(&self, message: &str) {
        let (mut inner, text) = (self.lock(), format!("note: {message}"));
        if inner.open_questions > 0 { inner.deferred.push(text) } else { inner.bar.suspend(|| write_line(&text)) }
    }

    /// Holds back the bar and notices while a question is open.
    pub(super) fn question(self: Arc<Self>) -> Question {
        let mut inner = self.lock();
        inner.open_questions += 1;
        inner.hide();
        drop(inner);
        Question(self)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.open_questions -= 1;
        if inner.open_questions == 0 {
            for text in std::mem::take(&mut inner.deferred) {
                write_line(&text);
            }
            inner.show();
        }
    }
}

impl State {
    /// Replaces the bar with a visible one at the same position, unless a question is open.
    fn show(&mut self) {
        if let Some(stage) = self.stage.filter(|_| self.open_questions == 0) {
            let bar = ProgressBar::with_draw_target(self.bar.length(), ProgressDrawTarget::stderr());
            self.bar = bar.with_position(self.bar.position()).with_style(style(stage.unit)).with_message(stage.label);
            self.bar.tick();
        }
    }

    /// Replaces the bar with a hidden one at the same position.
    fn hide(&mut self) {
        let hidden = ProgressBar::with_draw_target(self.bar.length(), ProgressDrawTarget::hidden());
        let hidden = hidden.with_position(self.bar.position());
        let shown = std::mem::replace(&mut self.bar, hidden);
        shown.finish_and_clear();
    }
}

/// Writes a line to stderr. Control characters are replaced, since names and paths in it come from other parties.
pub(super) fn write_line(text: &str) {
    // A failure to write to stderr cannot be reported anywhere.
    let _ = writeln!(io::stderr().lock(), "{}", sanitize(text));
}

fn style(unit: Unit) -> ProgressStyle {
    let count = match unit {
        Unit::Bytes => "{bytes}/{total_bytes} {bytes_per_sec}".into(),
        Unit::Items(name) => format!("{{human_pos}}/{{human_len}} {name} {{per_sec}}"),
        Unit::Count => "{human_pos}/{human_len}".into(),
    };
    let template = format!("{{msg:>17}} {{bar:40}} {count}");
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
