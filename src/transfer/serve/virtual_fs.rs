//! The served files as clients see them: regular files and directories with allowed names, and nothing else.

use std::fs::File;
use std::io;
use std::path::Path;

use super::virtual_path::{VirtualPath, is_allowed_name};
use crate::foundation::fs::if_exists;
use crate::foundation::quota::Quota;
use crate::foundation::root_dir::{Entry, EntryKind, RootDir};

/// The files below the root.
#[derive(Debug)]
pub(super) struct VirtualFs {
    root: RootDir,
}

impl VirtualFs {
    /// Opens the directory `root`. What is created there counts for `quota`.
    pub(super) fn open(root: &Path, quota: Quota) -> io::Result<Self> {
        Ok(Self { root: RootDir::open(root)?.with_quota(quota) })
    }

    /// Returns the quota of what clients create.
    pub(super) fn quota(&self) -> &Quota {
        self.root.quota()
    }

    /// Opens the parent directory of `path`, and returns it with the last name.
    fn open_parent<'p>(&self, path: &'p VirtualPath) -> io::Result<(RootDir, &'p str)> {
        let (parent, name) = path.split()?;
        Ok((self.root.descend(parent)?, name))
    }

    /// Opens a regular file for reading.
    pub(super) fn read(&self, path: &VirtualPath) -> io::Result<File> {
        let (parent, name) = self.open_parent(path)?;
        parent.read(name)
    }

    /// Opens a regular file for writing, creates it if it does not exist, and locks it until it is closed.
    pub(super) fn write(&self, path: &VirtualPath) -> io::Result<File> {
        let (parent, name) = self.open_parent(path)?;
        let file = match parent.write(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => parent.make_file(name, 0o666)?,
            outcome => outcome?,
        };
        file.try_lock()?;
        Ok(file)
    }

    /// Syncs the parent directory of `path`, so that a change in it survives a power failure. It is not an error if the
    /// directory is gone: `hestat compute` may remove a dataset's directory right after the dataset was renamed.
    pub(super) fn sync_parent(&self, path: &VirtualPath) -> io::Result<()> {
        if_exists(self.open_parent(path).and_then(|(parent, _)| parent.sync())).map(drop)
    }

    /// Returns the metadata of a file or directory.
    pub(super) fn entry(&self, path: &VirtualPath) -> io::Result<Entry> {
        let entry = match self.open_parent(path) {
            Ok((parent, name)) => parent.entry(name)?,
            Err(_) if path.names().is_empty() => self.root.itself()?,
            Err(error) => return Err(error),
        };
        if is_visible(&entry) { Ok(entry) } else { Err(not_visible()) }
    }

    pub(super) fn is_directory(&self, path: &VirtualPath) -> io::Result<bool> {
        Ok(self.entry(path)?.kind == EntryKind::Directory)
    }

    /// Lists a directory. Its entries are read one by one, as the iterator is advanced.
    pub(super) fn list(
        &self,
        path: &VirtualPath,
    ) -> io::Result<impl Iterator<Item = io::Result<(String, Entry)>> + use<>> {
        let directory = self.root.descend(path.names())?;
        let entries = directory.entries()?;
        Ok(entries.filter_map(move |item| match item {
            Ok(item) => {
                let name = item.file_name().to_str().ok().filter(|name| is_allowed_name(name))?.to_owned();
                // An entry may be removed while the directory is listed.
                let entry = directory.entry(name.as_str()).ok().filter(is_visible)?;
                Some(Ok((name, entry)))
            }
            Err(error) => Some(Err(error)),
        }))
    }

    /// Creates a directory, and syncs its parent.
    pub(super) fn create_directory(&self, path: &VirtualPath) -> io::Result<()> {
        let (parent, name) = self.open_parent(path)?;
        parent.make_directory(name)?;
        parent.sync()
    }

    /// Removes a file, or an empty directory if `kind` is a directory.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotADirectory`] or [`io::ErrorKind::IsADirectory`] if the entry is of the other kind, and the
    /// errors of the file system.
    pub(super) fn remove(&self, path: &VirtualPath, kind: EntryKind) -> io::Result<()> {
        let (parent, name) = self.open_parent(path)?;
        match (self.is_directory(path)?, kind == EntryKind::Directory) {
            (true, true) => parent.remove_directory(name),
            (false, false) => parent.remove_file(name),
            (_, true) => Err(io::ErrorKind::NotADirectory.into()),
            (_, false) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Syncs a file; does nothing for a directory.
    pub(super) fn sync(&self, path: &VirtualPath) -> io::Result<()> {
        if self.is_directory(path)? { Ok(()) } else { self.read(path)?.sync_all() }
    }

    /// Renames a file or directory; never replaces one. A directory stays in its parent: by moving directories into
    /// each other, clients could build a tree that is too deep to walk.
    pub(super) fn rename(&self, from: &VirtualPath, to: &VirtualPath) -> io::Result<()> {
        if self.is_directory(from)? && from.split()?.0 != to.split()?.0 {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let ((old_parent, old_name), (new_parent, new_name)) = (self.open_parent(from)?, self.open_parent(to)?);
        old_parent.rename(old_name, &new_parent, new_name)
    }

    /// Measures the bytes of all files and directories, in whole blocks, while `may_continue` returns true.
    pub(super) fn measure(&self, may_continue: &dyn Fn() -> bool) -> io::Result<u64> {
        self.root.measure(may_continue)
    }

    /// Returns the free bytes of the file system.
    pub(super) fn free(&self) -> io::Result<u64> {
        self.root.free()
    }
}

/// Returns whether clients can see this entry.
fn is_visible(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Directory)
}

fn not_visible() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "neither a regular file nor a directory")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn path(name: &str) -> VirtualPath {
        VirtualPath::default().resolve(name).unwrap()
    }

    fn open(root: &Path) -> VirtualFs {
        VirtualFs::open(root, Quota::unlimited()).unwrap()
    }

    #[test]
    fn links_and_pipes_are_invisible() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("root")).unwrap();
        std::fs::write(at("secret"), "x").unwrap();
        symlink(at("secret"), at("root/link")).unwrap();
        symlink(directory.path(), at("root/out")).unwrap();
        mknodat(CWD, at("root/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let files = open(&at("root"));
        for name in ["link", "pipe", "out/secret"] {
            assert!(files.read(&path(name)).is_err(), "{name}");
            assert!(files.write(&path(name)).is_err(), "{name}");
            assert!(files.entry(&path(name)).is_err(), "{name}");
            assert!(files.remove(&path(name), EntryKind::File).is_err(), "{name}");
            assert!(files.rename(&path(name), &path("other")).is_err(), "{name}");
        }
        assert!(files.list(&path("out")).is_err());
        assert_eq!(files.list(&VirtualPath::default()).unwrap().count(), 0);
        assert_eq!(std::fs::read(at("secret")).unwrap(), b"x");
    }

    #[test]
    fn a_file_has_one_writer_and_renaming_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let files = open(directory.path());
        files.create_directory(&path("a")).unwrap();
        let mut file = files.write(&path("a/b.part")).unwrap();
        file.write_all(b"0123456789").unwrap();
        assert_eq!(files.write(&path("a/b.part")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(file);
        files.write(&path("a/b.part")).unwrap().write_all(b"x").unwrap();
        files.rename(&path("a/b.part"), &path("a/b")).unwrap();
        assert_eq!(std::fs::read(directory.path().join("a/b")).unwrap(), b"x123456789");
        drop(files.write(&path("a/c")).unwrap());
        assert_eq!(files.rename(&path("a/c"), &path("a/b")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!([EntryKind::Directory, EntryKind::File].iter().all(|kind| files.remove(&path("a"), *kind).is_err()));
        let names: Vec<String> = files.list(&path("a")).unwrap().map(|item| item.unwrap().0).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
