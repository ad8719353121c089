//! The progress bar and notices on stderr. Both pause while the user is asked a question.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::foundation::observer::{Stage, Unit};
use crate::foundation::text::sanitize;

/// The width of a label: the longest, `waiting for nodes`, has 17 characters.
const LABEL_WIDTH: usize = 17;

/// The progress bar and the notices on stderr, for use from any thread.
pub(super) struct ProgressDisplay {
    shows_bar: bool,
    state: Mutex<State>,
}

struct State {
    stage: Option<Stage>,
    bar: ProgressBar,
    /// How many guards pause the display.
    pauses: usize,
    /// Notices to show when the last pause ends.
    deferred: Vec<String>,
}

/// Pauses the bar and notices until it is dropped.
pub(super) struct PauseGuard(Arc<ProgressDisplay>);

impl ProgressDisplay {
    /// Shows a bar only if `wants_bar` and stderr is a terminal.
    pub(super) fn new(wants_bar: bool) -> Self {
        let state = State { stage: None, bar: ProgressBar::hidden(), pauses: 0, deferred: Vec::new() };
        Self { shows_bar: wants_bar && io::stderr().is_terminal(), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a bar for `total` units in place of the previous one.
    pub(super) fn begin(&self, stage: Stage, total: u64) {
        self.end();
        if self.shows_bar {
            self.lock().begin(stage, total);
        }
    }

    /// Advances the bar.
    pub(super) fn advance(&self, units: u64) {
        self.lock().bar.inc(units);
    }

    /// Stops updating the bar, and leaves it on the terminal if it is shown.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.stage = None;
        let bar = std::mem::replace(&mut state.bar, ProgressBar::hidden());
        if !bar.is_hidden() {
            bar.abandon();
        }
    }

    /// Writes a notice above the bar, or keeps it until the last pause ends.
    pub(super) fn notice(&self, message: &str) {
        let text = format!("note: {message}");
        let mut state = self.lock();
        if state.pauses > 0 { state.deferred.push(text) } else { state.bar.suspend(|| write_line(&text)) }
    }

    /// Hides the bar and keeps notices back until the guard is dropped.
    pub(super) fn pause(self: Arc<Self>) -> PauseGuard {
        let mut state = self.lock();
        state.pauses += 1;
        state.hide();
        drop(state);
        PauseGuard(self)
    }
}

impl Drop for PauseGuard {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.pauses -= 1;
        if state.pauses == 0 {
            for text in std::mem::take(&mut state.deferred) {
                write_line(&text);
            }
            state.show();
        }
    }
}

impl State {
    fn begin(&mut self, stage: Stage, total: u64) {
        self.stage = Some(stage);
        self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        self.show();
    }

    /// Replaces the bar with a visible one at the same position, unless the display is paused. The rate of the new bar
    /// is measured anew.
    fn show(&mut self) {
        if let Some(stage) = self.stage.filter(|_| self.pauses == 0) {
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
    #[expect(clippy::expect_used, reason = "tested for each kind of unit")]
    ProgressStyle::with_template(&format!("{{msg:>{LABEL_WIDTH}}} {{bar:40}} {count}")).expect("the template is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_a_valid_template() {
        for unit in [Unit::Bytes, Unit::Items("rows"), Unit::Count] {
            let _ = style(unit);
        }
    }
}
