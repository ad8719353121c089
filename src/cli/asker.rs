//! Questions that are answered with yes or no, whichever thread has them.

use std::io::ErrorKind;
use std::sync::Arc;

use super::screen::Screen;
use super::terminal::ask;
use crate::foundation::observer::{Observer, Silent, Stopped};

/// Asks whoever sits at the terminal; while a question is open, nothing else is shown there.
#[derive(Clone)]
pub(super) struct Asker {
    screen: Arc<Screen>,
    observer: Silent,
}

impl Asker {
    pub(super) fn new(screen: Arc<Screen>, observer: Silent) -> Self {
        Self { screen, observer }
    }

    /// Whether the answer is yes. It is no if nobody is there, or the question is over before there is one.
    ///
    /// # Errors
    /// [`Stopped`] if the work is to end before there is one.
    pub(super) fn confirms(&self, question: &str, is_over: impl Fn() -> bool) -> Result<bool, Stopped> {
        let open = Arc::clone(&self.screen).question();
        let answer = ask(question, || self.observer.go_on().is_ok() && !is_over());
        drop(open);
        match answer {
            Ok(answer) => Ok(answer.expose().trim().eq_ignore_ascii_case("yes")),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.observer.go_on()?;
                self.screen.notice("whoever that was has gone: there is nothing to answer any more");
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }
}
