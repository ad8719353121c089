//! Next steps for files that other users could have changed.

use super::Explain;
use super::codes::NOT_PRIVATE;
use crate::foundation::ownership::OwnershipError;

impl Explain for OwnershipError {
    fn explain(&self) -> (u8, Option<String>) {
        let as_root = if self.fix_requires_root() { " (as root)" } else { "" };
        let before = if self.is_in_foreign_directory() {
            "If that directory must stay theirs (their HOME under sudo, for example), use a file or directory \
             elsewhere. If it is yours, run"
        } else {
            "Make sure that no other user has changed them. Then run"
        };
        let next_step = format!(
            "Keys, passwords and lists of known servers and peers are read only from files that no other user can \
             change. {before}{as_root}: {}",
            self.fix()
        );
        (NOT_PRIVATE, Some(next_step))
    }
}
