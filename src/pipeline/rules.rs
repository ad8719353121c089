//! Where clients of the FTP server may do what.

use std::sync::Arc;

use super::bell::Bell;
use super::names::{DATASET, INBOX, OUTBOX};
use crate::transfer::serve::{Action, Rules};

/// Datasets are computed in one inbox only, so there is no other. A dataset gets its name by renaming only, and only once: so it is whole, and nobody's job
/// becomes another one. Answers are the server's; clients fetch them and clean up.
pub(super) struct HouseRules(pub(super) Arc<Bell>);

impl Rules for HouseRules {
    fn permits(&self, action: Action, place: &[String]) -> bool {
        let names: Vec<&str> = place.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] => false,
            [INBOX | OUTBOX] => action == Action::MakeFolder,
            [OUTBOX, ..] => action == Action::Remove,
            [INBOX, _] => matches!(action, Action::MakeFolder | Action::Remove),
            [INBOX, _, DATASET] => matches!(action, Action::Name | Action::Remove),
            [.., INBOX] => matches!(action, Action::Remove | Action::Take),
            _ => true,
        }
    }

    fn arrived(&self) {
        self.0.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_get_their_names_once_and_answers_are_only_cleaned_up() {
        let rules = HouseRules(Arc::default());
        let all = [Action::Write, Action::MakeFolder, Action::Remove, Action::Take, Action::Name];
        let permitted = |place: &str| {
            let names: Vec<String> = place.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            all.into_iter().filter(|action| rules.permits(*action, &names)).collect::<Vec<_>>()
        };
        assert_eq!(permitted(""), []);
        assert_eq!(permitted("inbox"), [Action::MakeFolder]);
        assert_eq!(permitted("inbox/job"), [Action::MakeFolder, Action::Remove]);
        assert_eq!(permitted("inbox/job/dataset.hes"), [Action::Remove, Action::Name]);
        assert_eq!(permitted("inbox/job/dataset.hes.part"), all);
        assert_eq!(permitted("outbox/job/totals.hes"), [Action::Remove]);
        assert_eq!(permitted("outbox/job"), [Action::Remove]);
        assert_eq!(permitted("elsewhere/file"), all);
        assert_eq!(permitted("elsewhere/inbox"), [Action::Remove, Action::Take]);
    }
}
