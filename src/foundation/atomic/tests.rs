//! A file appears under its name when it is complete, or not at all.

use super::*;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_appears_complete_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("name");
    let mut abandoned = AtomicFile::create(&path, Access::Shared).unwrap();
    abandoned.write_all(b"incomplete").unwrap();
    drop(abandoned);
    assert!(names(directory.path()).is_empty());
    let error = AtomicFile::create(&path.join("x"), Access::Shared).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::NOENT.raw_os_error()));
    write(&path, b"complete", Access::Shared).unwrap();
    write(&path, b"again", Access::Shared).unwrap();
    assert_eq!(names(directory.path()), ["name"]);
    assert_eq!(fs::read(&path).unwrap(), b"again");
}

#[test]
fn temporary_files_without_a_writer_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in [".hestat-abandoned", "kept", ".other"] {
        fs::write(path(name), b"incomplete").unwrap();
    }
    let mut writing = AtomicFile::create_locked(&path("name"), Access::Shared).unwrap();
    remove_stale(directory.path()).unwrap();
    writing.write_all(b"complete").unwrap();
    writing.commit().unwrap();
    let mut left = names(directory.path());
    left.sort();
    assert_eq!(left, [".other", "kept", "name"]);
    assert_eq!(fs::read(path("name")).unwrap(), b"complete");
}

#[test]
fn an_existing_file_keeps_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("name");
    for (content, name) in [("first", "name"), ("second", "name.2"), ("third", "name.3")] {
        let file = AtomicFile::create(&path, Access::Shared).unwrap();
        file.handle().unwrap().write_all(content.as_bytes()).unwrap();
        assert_eq!(file.commit_unique().unwrap(), directory.path().join(name));
    }
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(fs::read(directory.path().join("name.3")).unwrap(), b"third");
    assert_eq!(names(directory.path()).len(), 3);
}

#[test]
fn a_probe_finds_paths_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in ["none/name", "none/", ".", "..", &"x".repeat(300), "name/name"] {
        fs::write(path("name"), b"complete").unwrap();
        assert!(probe(&path(name)).is_err(), "{name:?}");
    }
    probe(&path("name")).unwrap();
    probe(&path("other")).unwrap();
    assert_eq!((names(directory.path()), fs::read(path("name")).unwrap()), (vec!["name".into()], b"complete".to_vec()));
}

#[test]
fn only_regular_files_are_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    let (open, name) = (tempfile::tempfile_in(directory.path()).unwrap(), directory.path().join("stdout"));
    let number = std::os::fd::AsRawFd::as_raw_fd(&open);
    std::os::unix::fs::symlink(format!("/proc/self/fd/{number}"), &name).unwrap();
    for path in [&socket, &link, &name, &directory.path().to_path_buf()] {
        let error = write(path, b"bytes", Access::Shared).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
    }
    assert!(link.is_symlink() && name.is_symlink() && !socket.is_file());
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_access_private_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("name");
    write(&path, b"secret", Access::Private).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
