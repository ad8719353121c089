//! Questions that are answered with yes or no, whichever thread has them.

use std::io::ErrorKind;
use std::sync::Arc;

use super::progress::Screen;
use super::terminal::ask;
use crate::foundation::observer::{Cancelled, NullObserver, Observer};

/// Asks whoever sits at the terminal; while a question is open, nothing else is shown there.
#[derive(Clone)]
pub(super) struct Confirmer {
    screen: Arc<Screen>,
    observer: NullObserver,
}

impl Confirmer {
    pub(super) fn new(screen: Arc<Screen>, observer: NullObserver) -> Self {
        Self { screen, observer }
    }

    /// Whether the answer is yes. It is no if nobody is there, or the question is over before there is one.
    ///
    /// # Errors
    /// [`Cancelled`] if the work is to end before there is one.
    pub(super) fn confirms(&self, question: &str, is_over: impl Fn() -> bool) -> Result<bool, Cancelled> {
        let open = Arc::clone(&self.screen).question();
        let answer = ask(question, || self.observer.check_cancelled().is_ok() && !is_over());
        drop(open);
        match answer {
            Ok(answer) => Ok(answer.expose().trim().eq_ignore_ascii_case("yes")),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.observer.check_cancelled()?;
                self.screen.notice("whoever that was has gone: there is nothing to answer any more");
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }
}
