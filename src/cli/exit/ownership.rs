//! Next steps for files that other users could have changed.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Explain;
use super::codes::NOT_PRIVATE;
use crate::foundation::ownership::{self, OwnershipError, Problem};
use crate::foundation::shell;

impl Explain for OwnershipError {
    fn explain(&self) -> (u8, Option<String>) {
        let as_root = if self.requires_root() { " (as root)" } else { "" };
        let before = if self.is_in_directory_of_another_user() {
            "If that directory must stay theirs (their HOME under sudo, for example), use a file or directory \
             elsewhere. If it is yours, run"
        } else {
            "Make sure that no other user has changed them. Then run"
        };
        let next_step = format!(
            "Keys, passwords and lists of known servers and peers are read only from files that no other user can \
             change. {before}{as_root}: {}",
            command(self.problem(), self.path(), ownership::user())
        );
        (NOT_PRIVATE, Some(next_step))
    }
}

/// Returns the shell command with which `user` becomes the only one who can change `path`.
fn command(problem: Problem, path: &Path, user: u32) -> String {
    let path = shell::quoted(path.as_os_str().as_bytes());
    match problem {
        Problem::OtherOwner => format!("chown {user} {path}"),
        Problem::OtherLinkOwner => format!("chown -h {user} {path}"),
        Problem::WritableByOthers => format!("chmod go-w {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_changes_the_owner_or_the_mode() {
        let command = |problem| command(problem, Path::new("/a/it's b"), 7);
        assert_eq!(command(Problem::OtherOwner), r"chown 7 '/a/it'\''s b'");
        assert_eq!(command(Problem::OtherLinkOwner), r"chown -h 7 '/a/it'\''s b'");
        assert_eq!(command(Problem::WritableByOthers), r"chmod go-w '/a/it'\''s b'");
    }
}
