//! What stderr shows on a terminal: a bar, notices, and questions, which keep both away for as long as they are open.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::foundation::observer::Stage;
use crate::foundation::text::sanitize;

/// All of it.
pub(super) struct Screen {
    has_bars: bool,
    state: Mutex<State>,
}

struct State {
    stage: Option<Stage>,
    bar: ProgressBar,
    /// How many questions are open.
    questions: usize,
    /// Notices that wait for their end.
    held: Vec<String>,
}

/// A question that is open until this is dropped.
pub(super) struct Question(Arc<Screen>);

impl Screen {
    /// With bars, if they are wanted and stderr is a terminal.
    pub(super) fn new(wants_bars: bool) -> Self {
        let state = State { stage: None, bar: ProgressBar::hidden(), questions: 0, held: Vec::new() };
        Self { has_bars: wants_bars && io::stderr().is_terminal(), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A bar for `total` units, in place of the one before.
    pub(super) fn begin(&self, stage: Stage, total: u64) {
        self.end();
        if self.has_bars {
            let mut inside = self.lock();
            inside.stage = Some(stage);
            inside.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
            inside.show();
        }
    }

    pub(super) fn advance(&self, units: u64) {
        self.lock().bar.inc(units);
    }

    /// The bar stays as it is, and none is shown any more.
    pub(super) fn end(&self) {
        let mut inside = self.lock();
        inside.stage = None;
        let bar = std::mem::replace(&mut inside.bar, ProgressBar::hidden());
        if !bar.is_hidden() {
            bar.abandon();
        }
    }

    pub(super) fn notice(&self, message: &str) {
        let (mut inside, text) = (self.lock(), format!("note: {message}"));
        if inside.questions > 0 { inside.held.push(text) } else { inside.bar.suspend(|| say(&text)) }
    }

    /// From now on, a question is all there is.
    pub(super) fn question(self: Arc<Self>) -> Question {
        let mut inside = self.lock();
        inside.questions += 1;
        inside.hide();
        drop(inside);
        Question(self)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut inside = self.0.lock();
        inside.questions -= 1;
        if inside.questions == 0 {
            for text in std::mem::take(&mut inside.held) {
                say(&text);
            }
            inside.show();
        }
    }
}

impl State {
    /// Another bar that is as far, and to be seen unless somebody is asked something.
    fn show(&mut self) {
        if let Some(stage) = self.stage.filter(|_| self.questions == 0) {
            let bar = ProgressBar::with_draw_target(self.bar.length(), ProgressDrawTarget::stderr());
            self.bar = bar.with_position(self.bar.position()).with_style(style(stage)).with_message(title(stage));
            self.bar.tick();
        }
    }

    /// Another bar that is as far, and not to be seen.
    fn hide(&mut self) {
        let hidden = ProgressBar::with_draw_target(self.bar.length(), ProgressDrawTarget::hidden());
        let hidden = hidden.with_position(self.bar.position());
        let shown = std::mem::replace(&mut self.bar, hidden);
        shown.finish_and_clear();
    }
}

/// Writes a line to stderr. Names and paths come from others: what in them would command a terminal does not reach it.
pub(super) fn say(text: &str) {
    // There is nobody left to tell if this fails.
    drop(writeln!(io::stderr().lock(), "{}", sanitize(text)));
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
