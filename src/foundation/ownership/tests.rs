//! Owned paths pass, and all others are rejected with the reason.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use super::*;

/// A user who is neither root nor, most likely, the user who runs the tests.
const OTHER_USER: u32 = 65_533;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Creates an owned directory that contains `inner/file`.
fn owned_directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("inner")).unwrap();
    let file = directory.path().join("inner/file");
    fs::write(&file, "secret").unwrap();
    set_mode(&directory.path().join("inner"), 0o755);
    set_mode(&file, 0o644);
    (directory, file)
}

#[track_caller]
fn assert_rejected(path: &Path) -> OwnershipError {
    let error = require_owned(path).unwrap_err();
    let found = OwnershipError::inside(&error).unwrap_or_else(|| panic!("{error}")).clone();
    assert!(open(path).is_err());
    found
}

#[test]
fn files_that_only_the_owner_can_write_are_owned() {
    let (directory, file) = owned_directory();
    require_owned(&file).unwrap();
    assert!(open(&file).is_ok() && open_regular(&file).is_ok());
    require_owned(directory.path()).unwrap();
    require_owned(&directory.path().join("none/none")).unwrap();
    require_owned(Path::new("/")).unwrap();
    require_owned(Path::new("/dev/null")).unwrap();
    require_owned(Path::new("/proc/self/fd/0")).unwrap();
}

#[test]
fn files_that_others_can_write_are_rejected() {
    let (directory, file) = owned_directory();
    for mode in [0o664, 0o646, 0o666, 0o620, 0o602] {
        set_mode(&file, mode);
        let error = assert_rejected(&file);
        assert_eq!((error.problem(), error.path()), (Problem::WritableByOthers, file.as_path()));
        assert!(error.to_string().contains(&format!("mode {mode:04o}")), "{error}");
        assert!(File::open(&file).and_then(|open| check_opened(open, &file)).is_err());
        assert!(!error.requires_root());
    }
    set_mode(&file, 0o600);
    let inner = directory.path().join("inner");
    for (mode, is_owned) in [(0o770, false), (0o707, false), (0o777, false), (0o1777, true), (0o750, true)] {
        set_mode(&inner, mode);
        assert_eq!(require_owned(&file).is_ok(), is_owned, "{mode:o}");
        // Another user could create the file.
        assert_eq!(require_owned(&inner.join("none")).is_ok(), is_owned, "{mode:o}");
    }
    set_mode(&inner, 0o1777);
    let error = assert_rejected(&inner);
    assert_eq!((error.problem(), error.path()), (Problem::WritableByOthers, inner.as_path()));
    set_mode(&inner, 0o755);
    set_mode(directory.path(), 0o777);
    assert_eq!(assert_rejected(&file).path, directory.path().canonicalize().unwrap());
    assert_eq!(assert_rejected(&inner.join("../inner/file")).path, directory.path().canonicalize().unwrap());
    set_mode(directory.path(), 0o700);
}

#[test]
fn a_link_is_followed_to_its_target() {
    let (directory, file) = owned_directory();
    let link = directory.path().join("link");
    symlink("inner/../inner/file", &link).unwrap();
    require_owned(&link).unwrap();
    set_mode(&file, 0o666);
    assert_eq!(assert_rejected(&link).path, file.canonicalize().unwrap());
    let circular = directory.path().join("circular");
    symlink("circular", &circular).unwrap();
    assert!(OwnershipError::inside(&require_owned(&circular).unwrap_err()).is_none());
}

#[test]
fn files_of_another_user_are_rejected() {
    if user() != ROOT {
        return;
    }
    let (directory, file) = owned_directory();
    let inner = directory.path().join("inner");
    for path in [&file, &inner] {
        chown(path, Some(OTHER_USER), None).unwrap();
        let error = assert_rejected(&file);
        let expected = path.canonicalize().unwrap();
        assert_eq!((error.problem(), error.path()), (Problem::OtherOwner, expected.as_path()));
        assert!(error.to_string().contains(&format!("owner {OTHER_USER}")), "{error}");
        assert_eq!(error.is_in_directory_of_another_user(), path == &inner);
        chown(path, Some(ROOT), None).unwrap();
    }
    let link = directory.path().join("link");
    symlink(&file, &link).unwrap();
    lchown(&link, Some(OTHER_USER), None).unwrap();
    let error = assert_rejected(&link);
    assert_eq!((error.problem(), error.path()), (Problem::OtherLinkOwner, link.canonicalize_parent().as_path()));
    // The sticky bit does not restrict the owner of the directory.
    set_mode(&inner, 0o1777);
    chown(&inner, Some(OTHER_USER), None).unwrap();
    assert_eq!(assert_rejected(&file).problem, Problem::OtherOwner);
}

trait CanonicalizeParent {
    fn canonicalize_parent(&self) -> PathBuf;
}

impl CanonicalizeParent for Path {
    fn canonicalize_parent(&self) -> PathBuf {
        self.parent().unwrap().canonicalize().unwrap().join(self.file_name().unwrap())
    }
}

#[test]
fn paths_through_proc_are_checked_too() {
    let directory = tempfile::tempdir().unwrap();
    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    set_mode(&open, 0o777);
    let indirect = Path::new("/proc/self/root").join(open.strip_prefix("/").unwrap()).join("state");
    let error = require_owned(&indirect).unwrap_err();
    assert!(OwnershipError::inside(&error).is_some(), "{error}");
    // A directory called `fd` is not a list of file descriptors.
    let named = open.join("fd");
    fs::create_dir(&named).unwrap();
    fs::write(named.join("3"), "").unwrap();
    let indirect = Path::new("/proc/self/root").join(named.strip_prefix("/").unwrap()).join("3");
    assert!(OwnershipError::inside(&require_owned(&indirect).unwrap_err()).is_some());
    let (reader, _writer) = io::pipe().unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&reader);
    require_owned(Path::new(&format!("/proc/self/fd/{number}"))).unwrap();
    require_owned(Path::new(&format!("/dev/fd/{number}"))).unwrap();
}
