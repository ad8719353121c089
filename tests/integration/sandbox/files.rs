//! What is in a directory. Symbolic links are never followed.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Names in a directory, sorted; none if it does not exist.
#[track_caller]
pub(crate) fn entries(directory: &Path) -> Vec<String> {
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        listing => listing.unwrap_or_else(|error| panic!("{}: {error}", directory.display())),
    };
    let mut names: Vec<String> = listing.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The paths of all files, directories and symbolic links below `directory`.
pub(crate) fn everything(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in entries(directory) {
        let path = directory.join(name);
        if path.is_dir() && !path.is_symlink() {
            found.extend(everything(&path));
        }
        found.push(path);
    }
    found
}

/// The paths of all regular files below `directory`.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    everything(directory).into_iter().filter(|path| path.is_file() && !path.is_symlink()).collect()
}

/// Describes everything below `directory`: the length and digest of each file, the target of each symbolic link. Two
/// descriptions are the same if nothing has changed in between.
pub(crate) fn snapshot(directory: &Path) -> BTreeMap<PathBuf, String> {
    let describe = |path: &Path| match fs::read_link(path) {
        Ok(target) => format!("symbolic link to {}", target.display()),
        Err(_) if path.is_dir() => "directory".into(),
        Err(_) => {
            let content = fs::read(path).unwrap();
            format!("{} bytes, BLAKE3 {}", content.len(), blake3::hash(&content))
        }
    };
    everything(directory).into_iter().map(|path| (path.clone(), describe(&path))).collect()
}
