//! Files of secrets and trust that another user of the machine could have written: the program refuses them, and prints
//! the command that fixes their owner or mode.

mod options;
mod planted;
mod unprivileged;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;

use crate::sandbox::{CommandOutput, everything};

/// A user who is neither root nor, most likely, the user who runs the tests.
const OTHER_USER: u32 = 65_533;

/// The exit code for such files.
const NOT_PRIVATE: i32 = 23;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Gives a file, or a directory with its content, to this user.
fn give(path: &Path, user: u32) {
    for path in everything(path).iter().map(std::path::PathBuf::as_path).chain([path]) {
        lchown(path, Some(user), None).unwrap();
    }
}

/// Fails unless the command was refused because of `path`, with this command as the next step.
#[track_caller]
fn assert_refused(output: CommandOutput, path: &Path, fix: &str) -> CommandOutput {
    output.expect_code(NOT_PRIVATE).says(&[path.to_str().unwrap(), &format!("{fix} '{}'", path.display())])
}
