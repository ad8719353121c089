//! Files that other users could have changed.

use super::Explain;
use super::codes::NOT_PRIVATE;
use crate::foundation::ownership::OwnershipError;

impl Explain for OwnershipError {
    fn explain(&self) -> (u8, Option<String>) {
        let root = if self.fix_requires_root() { " (as root)" } else { "" };
        let then = if self.is_in_foreign_directory() {
            "If that directory is to stay theirs (as with sudo, in their HOME), use a file or directory elsewhere. If it is yours, run"
        } else {
            "Make sure that nobody has changed these. Then run"
        };
        let remedy = format!(
            "Keys, passwords and known servers and peers are taken only from files that no other user can change. {then}{root}: {}",
            self.fix()
        );
        (NOT_PRIVATE, Some(remedy))
    }
}
