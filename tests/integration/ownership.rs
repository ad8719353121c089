//! Files of secrets and trust that another user of the machine could have written: the program does not run on them, and prints
//! the command that ends it.

mod options;
mod planted;
mod unprivileged;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;

use crate::sandbox::{CommandOutput, everything};

/// A user who is neither root nor, most likely, whoever runs the tests.
const SOMEBODY: u32 = 65_533;

/// The exit code for all of them.
const NOT_PRIVATE: i32 = 23;

/// Whether these tests can give files to others.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Gives a file, or a directory and all in it, to this user.
fn give(path: &Path, user: u32) {
    for place in everything(path).iter().map(std::path::PathBuf::as_path).chain([path]) {
        lchown(place, Some(user), None).unwrap();
    }
}

/// That the command was refused for the sake of `place`, and by which command that ends.
#[track_caller]
fn assert_refused(ended: CommandOutput, place: &Path, fix: &str) -> CommandOutput {
    ended.expect_code(NOT_PRIVATE).says(&[place.to_str().unwrap(), &format!("{fix} '{}'", place.display())])
}
