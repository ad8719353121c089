//! Where clients of the FTP server may do what.

use std::sync::Arc;

use super::paths::{DATASET, INBOX, OUTBOX};
use super::wakeup::Wakeup;
use crate::transfer::serve::{AccessPolicy, Action};

/// Datasets are computed in one inbox only, so there is no other. A dataset gets its name by renaming only, and only once: so it is whole, and nobody's job
/// becomes another one. Answers are the server's; clients fetch them and clean up.
pub(super) struct UploadPolicy(pub(super) Arc<Wakeup>);

impl AccessPolicy for UploadPolicy {
    fn permits(&self, action: Action, place: &[String]) -> bool {
        let names: Vec<&str> = place.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] => false,
            [INBOX | OUTBOX] => action == Action::CreateDirectory,
            [OUTBOX, ..] => action == Action::Remove,
            [INBOX, _] => matches!(action, Action::CreateDirectory | Action::Remove),
            [INBOX, _, DATASET] => matches!(action, Action::RenameTo | Action::Remove),
            [.., INBOX] => matches!(action, Action::Remove | Action::RenameFrom),
            _ => true,
        }
    }

    fn on_upload(&self) {
        self.0.notify();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_get_their_names_once_and_answers_are_only_cleaned_up() {
        let rules = UploadPolicy(Arc::default());
        let all = [Action::Write, Action::CreateDirectory, Action::Remove, Action::RenameFrom, Action::RenameTo];
        let permitted = |place: &str| {
            let names: Vec<String> = place.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            all.into_iter().filter(|action| rules.permits(*action, &names)).collect::<Vec<_>>()
        };
        assert_eq!(permitted(""), []);
        assert_eq!(permitted("inbox"), [Action::CreateDirectory]);
        assert_eq!(permitted("inbox/job"), [Action::CreateDirectory, Action::Remove]);
        assert_eq!(permitted("inbox/job/dataset.hes"), [Action::Remove, Action::RenameTo]);
        assert_eq!(permitted("inbox/job/dataset.hes.part"), all);
        assert_eq!(permitted("outbox/job/totals.hes"), [Action::Remove]);
        assert_eq!(permitted("outbox/job"), [Action::Remove]);
        assert_eq!(permitted("elsewhere/file"), all);
        assert_eq!(permitted("elsewhere/inbox"), [Action::Remove, Action::RenameFrom]);
    }
}
