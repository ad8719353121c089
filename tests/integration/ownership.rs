//! Files with secrets or trust decisions that another user of the machine could have written: the program refuses them
//! and prints the command that fixes their owner or mode.

mod options;
mod state_directory;
mod unprivileged;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use crate::sandbox::{CommandOutput, everything, is_root, skip};

/// A user who is neither root nor, most likely, the user who runs the tests.
const OTHER_USER: u32 = 65_533;

/// The exit code for such files.
const NOT_PRIVATE: i32 = 23;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Makes this user the owner of a file, or of a directory with its content.
fn chown_all(path: &Path, user: u32) {
    for path in everything_from(path) {
        lchown(path, Some(user), None).unwrap();
    }
}

/// The file or directory `path`, and everything below it.
fn everything_from(path: &Path) -> Vec<PathBuf> {
    let below = if path.is_dir() { everything(path) } else { Vec::new() };
    below.into_iter().chain([path.into()]).collect()
}

/// Whether files can be given to other users, which only root can do. If not, reports that the test is skipped.
fn can_chown() -> bool {
    if !is_root() {
        skip("only root can give files to other users");
    }
    is_root()
}

/// Fails unless the command was refused because of `path`, with this command as the next step.
#[track_caller]
fn assert_not_private(output: CommandOutput, path: &Path, fix: &str) -> CommandOutput {
    output.expect_code(NOT_PRIVATE).says(&[path.to_str().unwrap(), &format!("{fix} '{}'", path.display())])
}
