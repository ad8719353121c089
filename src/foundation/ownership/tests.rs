use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use super::*;

/// A user who is neither root nor, most likely, whoever runs the tests.
const SOMEBODY: u32 = 65_533;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A private directory with `inner/file` in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("inner")).unwrap();
    let file = directory.path().join("inner/file");
    fs::write(&file, "secret").unwrap();
    set_mode(&directory.path().join("inner"), 0o755);
    set_mode(&file, 0o644);
    (directory, file)
}

#[track_caller]
fn refused(path: &Path) -> OwnershipError {
    let error = require_private(path).unwrap_err();
    let found = OwnershipError::inside(&error).unwrap_or_else(|| panic!("{error}")).clone();
    assert!(open(path).is_err());
    found
}

#[test]
fn what_nobody_else_can_write_is_private() {
    let (directory, file) = place();
    require_private(&file).unwrap();
    assert!(open(&file).is_ok() && open_regular(&file).is_ok());
    require_private(directory.path()).unwrap();
    require_private(&directory.path().join("none/none")).unwrap();
    require_private(Path::new("/")).unwrap();
    require_private(Path::new("/dev/null")).unwrap();
    require_private(Path::new("/proc/self/fd/0")).unwrap();
}

#[test]
fn what_others_can_write_is_refused_with_the_command_that_ends_it() {
    let (directory, file) = place();
    for mode in [0o664, 0o646, 0o666, 0o620, 0o602] {
        set_mode(&file, mode);
        let error = refused(&file);
        assert_eq!(error.fix(), format!("chmod go-w '{}'", file.display()));
        assert!(error.to_string().contains(&format!("mode {mode:04o}")), "{error}");
        assert!(File::open(&file).and_then(|open| private(open, &file)).is_err());
        assert!(!error.takes_root());
    }
    set_mode(&file, 0o600);
    let inner = directory.path().join("inner");
    for (mode, is_private) in [(0o770, false), (0o707, false), (0o777, false), (0o1777, true), (0o750, true)] {
        set_mode(&inner, mode);
        assert_eq!(require_private(&file).is_ok(), is_private, "{mode:o}");
        // Somebody else could put one there.
        assert_eq!(require_private(&inner.join("none")).is_ok(), is_private, "{mode:o}");
    }
    set_mode(&inner, 0o1777);
    assert_eq!(refused(&inner).fix(), format!("chmod go-w '{}'", inner.display()));
    set_mode(&inner, 0o755);
    set_mode(directory.path(), 0o777);
    assert_eq!(refused(&file).place, directory.path().canonicalize().unwrap());
    assert_eq!(refused(&inner.join("../inner/file")).place, directory.path().canonicalize().unwrap());
    set_mode(directory.path(), 0o700);
}

#[test]
fn a_link_is_followed_to_its_end() {
    let (directory, file) = place();
    let link = directory.path().join("link");
    symlink("inner/../inner/file", &link).unwrap();
    require_private(&link).unwrap();
    set_mode(&file, 0o666);
    assert_eq!(refused(&link).place, file.canonicalize().unwrap());
    let turning = directory.path().join("turning");
    symlink("turning", &turning).unwrap();
    assert!(OwnershipError::inside(&require_private(&turning).unwrap_err()).is_none());
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    if user() != ROOT {
        return;
    }
    let (directory, file) = place();
    let inner = directory.path().join("inner");
    for place in [&file, &inner] {
        chown(place, Some(SOMEBODY), None).unwrap();
        let error = refused(&file);
        assert_eq!(error.fix(), format!("chown 0 '{}'", place.canonicalize().unwrap().display()));
        assert!(error.to_string().contains(&format!("owner {SOMEBODY}")), "{error}");
        assert_eq!(error.is_in_anothers_directory(), place == &inner);
        chown(place, Some(ROOT), None).unwrap();
    }
    let link = directory.path().join("link");
    symlink(&file, &link).unwrap();
    lchown(&link, Some(SOMEBODY), None).unwrap();
    assert_eq!(refused(&link).fix(), format!("chown -h 0 '{}'", link.canonicalize_parent().display()));
    // A sticky directory keeps its owner from nothing.
    set_mode(&inner, 0o1777);
    chown(&inner, Some(SOMEBODY), None).unwrap();
    assert_eq!(refused(&file).fault, Fault::Owner);
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
fn a_way_through_proc_is_looked_at_too() {
    let directory = tempfile::tempdir().unwrap();
    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    set_mode(&open, 0o777);
    let around = Path::new("/proc/self/root").join(open.strip_prefix("/").unwrap()).join("state");
    let error = require_private(&around).unwrap_err();
    assert!(OwnershipError::inside(&error).is_some(), "{error}");
    // A directory is no list of open files because of its name.
    let named = open.join("fd");
    fs::create_dir(&named).unwrap();
    fs::write(named.join("3"), "").unwrap();
    let around = Path::new("/proc/self/root").join(named.strip_prefix("/").unwrap()).join("3");
    assert!(OwnershipError::inside(&require_private(&around).unwrap_err()).is_some());
    let (reader, _writer) = io::pipe().unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&reader);
    require_private(Path::new(&format!("/proc/self/fd/{number}"))).unwrap();
    require_private(Path::new(&format!("/dev/fd/{number}"))).unwrap();
}
