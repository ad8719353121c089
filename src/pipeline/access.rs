//! Access rules for clients of the FTP server: what they may do in the inbox and the outbox.

use std::sync::Arc;

use super::paths::{DATASET, INBOX, OUTBOX};
use super::wakeup::Wakeup;
use crate::transfer::serve::{AccessPolicy, Action};

/// Clients upload datasets to the inbox, and fetch and remove totals from the outbox, which only the server writes.
///
/// A dataset gets its final name once, by renaming a complete upload, which never replaces a file. So a named dataset
/// is always complete, and no job can be replaced by another. Only one `inbox` can be created, at the top level,
/// because datasets elsewhere would not be computed.
pub(super) struct UploadPolicy(pub(super) Arc<Wakeup>);

impl AccessPolicy for UploadPolicy {
    fn permits(&self, action: Action, path: &[String]) -> bool {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
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

    fn on_change(&self) {
        self.0.notify();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_renamed_once_and_totals_can_only_be_removed() {
        let policy = UploadPolicy(Arc::default());
        let all = [Action::Write, Action::CreateDirectory, Action::Remove, Action::RenameFrom, Action::RenameTo];
        let permitted = |path: &str| {
            let names: Vec<String> = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            all.into_iter().filter(|action| policy.permits(*action, &names)).collect::<Vec<_>>()
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
