//! Symbolic links are not followed, and all changes are counted.

use std::io::Write;
use std::os::unix::fs::symlink;

use rustix::fs::FileType;

use super::super::quota::DISK_BLOCK;
use super::*;

#[test]
fn symbolic_links_and_pipes_are_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("root")).unwrap();
    std::fs::write(at("secret"), "x").unwrap();
    symlink(at("secret"), at("root/link")).unwrap();
    symlink(directory.path(), at("root/out")).unwrap();
    fs::mknodat(fs::CWD, at("root/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let root = RootDir::open(&at("root")).unwrap();
    for name in ["link", "pipe", "out"] {
        assert!(root.read(name).is_err() && root.write(name).is_err() && root.directory(name).is_err(), "{name}");
        assert!(root.directory_or_new(name).is_err() && root.make_file(name, 0o666).is_err(), "{name}");
        assert_eq!(
            root.entry(name).unwrap().kind,
            if name == "pipe" { EntryKind::Other } else { EntryKind::SymbolicLink }
        );
    }
    let error = root.directory("out").unwrap_err();
    assert!(error.kind() == io::ErrorKind::NotADirectory && error.to_string().contains("symbolic link"), "{error}");
    assert!(root.descend(&["out", "root"]).is_err());
    root.remove_file("out").unwrap();
    root.replace("pipe", &root, "link").unwrap();
    assert_eq!(std::fs::read(at("secret")).unwrap(), b"x");
}

/// After each change, the running total equals a new measurement.
#[test]
fn all_changes_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let quota = Quota::new(1 << 40);
    let root = RootDir::open(directory.path()).unwrap().with_quota(quota.clone());
    let measure = || root.measure(&|| true).unwrap();
    quota.measure(|| Ok(measure())).unwrap();
    let check = |what: &str| assert_eq!((1 << 40) - quota.free(), measure(), "{what}");
    check("initial state");
    let inner = root.directory_or_new("inner").unwrap();
    check("new directory");
    for number in 0..300 {
        inner.make_file(format!("{number:0200}").as_str(), 0o666).unwrap();
    }
    check("many files with long names");
    assert!(inner.make_file(format!("{:0200}", 7).as_str(), 0o666).is_err());
    check("existing file");
    std::fs::write(directory.path().join("other"), vec![7; 9000]).unwrap();
    quota.measure(|| Ok(measure())).unwrap();
    root.rename("other", &inner, "moved").unwrap();
    check("moved file");
    inner.replace("moved", &inner, format!("{:0200}", 1).as_str()).unwrap();
    check("replaced file");
    assert!(root.rename("inner", &root, "inner").is_err() && root.remove_file("inner").is_err());
    check("failed changes");
    for number in 0..300 {
        inner.remove_file(format!("{number:0200}").as_str()).unwrap();
    }
    root.remove_directory("inner").unwrap();
    check("everything removed");
}

#[test]
fn a_directory_is_removed_with_its_files_but_not_with_directories() {
    let directory = tempfile::tempdir().unwrap();
    let root = RootDir::open(directory.path()).unwrap();
    assert_eq!(root.remove_with_files("inner").unwrap_err().kind(), io::ErrorKind::NotFound);
    let inner = root.directory_or_new("inner").unwrap();
    inner.make_directory("innermost").unwrap();
    assert!(root.remove_with_files("inner").is_err() && inner.directory("innermost").is_ok());
    inner.remove_directory("innermost").unwrap();
    for name in ["a", "b"] {
        inner.make_file(name, 0o666).unwrap();
    }
    symlink("inner", directory.path().join("link")).unwrap();
    assert!(root.remove_with_files("link").is_err() && inner.has_file("a"));
    root.remove_with_files("inner").unwrap();
    assert!(root.directory("inner").is_err());
}

#[test]
fn entries_use_up_the_quota() {
    let directory = tempfile::tempdir().unwrap();
    let root = RootDir::open(directory.path()).unwrap().with_quota(Quota::new(3 * DISK_BLOCK));
    root.make_file("file", 0o666).unwrap().write_all(b"x").unwrap();
    root.make_directory("directory").unwrap();
    for outcome in [root.make_file("more", 0o666).map(drop), root.make_directory("more")] {
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    }
    assert!(root.directory_or_new("directory").is_ok() && root.directory_or_new("more").is_err());
    root.remove_file("file").unwrap();
    root.make_directory("more").unwrap();
}

#[test]
fn a_measurement_can_be_stopped() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "x").unwrap();
    let root = RootDir::open(directory.path()).unwrap();
    assert_eq!(root.measure(&|| false).unwrap_err().kind(), io::ErrorKind::Interrupted);
}
