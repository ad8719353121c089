//! Yes-or-no questions at the terminal, from any thread.
//!
//! While a question is open, nothing else is shown: notices and progress wait. Input typed before the question is
//! discarded, so it cannot answer a question that was not read. A question ends when the peer that it is about
//! disconnects. A process in the background does not read answers, because the kernel would stop it.

use std::io::ErrorKind;
use std::sync::Arc;

use super::progress::ProgressDisplay;
use super::terminal::ask;
use crate::foundation::observer::{Cancel, CancelFlag, Cancelled};

/// Asks the user at the terminal.
#[derive(Clone)]
pub(super) struct Confirmer {
    display: Arc<ProgressDisplay>,
    cancel: CancelFlag,
}

impl Confirmer {
    pub(super) fn new(display: Arc<ProgressDisplay>, cancel: CancelFlag) -> Self {
        Self { display, cancel }
    }

    /// Returns whether the answer is yes. Without a terminal, or if `is_withdrawn` turns true first, it is no.
    ///
    /// # Errors
    /// [`Cancelled`] if the work is cancelled before there is an answer.
    pub(super) fn confirms(&self, question: &str, is_withdrawn: impl Fn() -> bool) -> Result<bool, Cancelled> {
        let pause = Arc::clone(&self.display).pause();
        let answer = ask(question, || self.cancel.check_cancelled().is_ok() && !is_withdrawn());
        drop(pause);
        match answer {
            Ok(answer) => Ok(answer.expose().trim().eq_ignore_ascii_case("yes")),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.cancel.check_cancelled()?;
                self.display.notice("the peer disconnected before you answered");
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }
}
