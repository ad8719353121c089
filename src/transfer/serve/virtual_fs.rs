//! The files below the root as clients see them: names that clients may know, and nothing but files and folders.

use std::fs::File;
use std::io;
use std::path::Path;

use super::virtual_path::{VirtualPath, is_name};
use crate::foundation::quota::Quota;
use crate::foundation::root_dir::{Entry, EntryKind, RootDir};

/// A directory and what is below it.
#[derive(Debug)]
pub(super) struct VirtualFs {
    root: RootDir,
}

impl VirtualFs {
    /// The tree below `root`; what clients make there counts for the quota.
    pub(super) fn open(root: &Path, quota: Quota) -> io::Result<Self> {
        Ok(Self { root: RootDir::open(root)?.with_quota(quota) })
    }

    /// What clients make there counts for it.
    pub(super) fn quota(&self) -> &Quota {
        self.root.quota()
    }

    /// The folder that `place` is in, and its name there.
    fn find<'p>(&self, place: &'p VirtualPath) -> io::Result<(RootDir, &'p str)> {
        let (folder, name) = place.split()?;
        Ok((self.root.descend(folder)?, name))
    }

    /// Opens a regular file to read it.
    pub(super) fn read(&self, place: &VirtualPath) -> io::Result<File> {
        let (folder, name) = self.find(place)?;
        folder.read(name)
    }

    /// Opens a regular file to write it; makes it if it is not there. Until it is closed, nobody else can do the same.
    pub(super) fn write(&self, place: &VirtualPath) -> io::Result<File> {
        let (folder, name) = self.find(place)?;
        let file = match folder.write(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder.make_file(name, 0o666)?,
            outcome => outcome?,
        };
        file.try_lock()?;
        Ok(file)
    }

    /// Makes what happened in the folder of `place` survive a power cut; a folder that is gone needs nothing. `hestat compute`
    /// removes the folder of a dataset, perhaps right after its renaming.
    pub(super) fn sync_folder(&self, place: &VirtualPath) -> io::Result<()> {
        match self.find(place).and_then(|(folder, _)| folder.sync()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    pub(super) fn entry(&self, place: &VirtualPath) -> io::Result<Entry> {
        let entry = match self.find(place) {
            Ok((folder, name)) => folder.entry(name)?,
            Err(_) if place.names().is_empty() => self.root.itself()?,
            Err(error) => return Err(error),
        };
        if is_shown(&entry) { Ok(entry) } else { Err(not_regular()) }
    }

    pub(super) fn is_folder(&self, place: &VirtualPath) -> io::Result<bool> {
        Ok(self.entry(place)?.kind == EntryKind::Directory)
    }

    /// Files and folders in a folder, one by one as they are asked for.
    pub(super) fn list(
        &self,
        place: &VirtualPath,
    ) -> io::Result<impl Iterator<Item = io::Result<(String, Entry)>> + use<>> {
        let folder = self.root.descend(place.names())?;
        let entries = folder.entries()?;
        Ok(entries.filter_map(move |item| match item {
            Ok(item) => {
                let name = item.file_name().to_str().ok().filter(|name| is_name(name))?.to_owned();
                // What vanishes meanwhile, and what is neither, is not told of.
                let entry = folder.entry(name.as_str()).ok().filter(is_shown)?;
                Some(Ok((name, entry)))
            }
            Err(error) => Some(Err(error)),
        }))
    }

    pub(super) fn make_folder(&self, place: &VirtualPath) -> io::Result<()> {
        let (folder, name) = self.find(place)?;
        folder.make_directory(name)?;
        folder.sync()
    }

    pub(super) fn remove(&self, place: &VirtualPath, is_folder: bool) -> io::Result<()> {
        let (folder, name) = self.find(place)?;
        match (self.is_folder(place)?, is_folder) {
            (true, true) => folder.remove_directory(name),
            (false, false) => folder.remove_file(name),
            (_, true) => Err(io::ErrorKind::NotADirectory.into()),
            (_, false) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Sees to it that a file is on the disk.
    pub(super) fn sync(&self, place: &VirtualPath) -> io::Result<()> {
        if self.is_folder(place)? { Ok(()) } else { self.read(place)?.sync_all() }
    }

    /// Gives a file or folder another name, which nothing else has. A folder stays in the one that it is in: moved into
    /// each other, folders would become deeper than anybody can walk.
    pub(super) fn rename(&self, from: &VirtualPath, to: &VirtualPath) -> io::Result<()> {
        if self.is_folder(from)? && from.split()?.0 != to.split()?.0 {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let ((old_folder, old), (new_folder, new)) = (self.find(from)?, self.find(to)?);
        old_folder.rename(old, &new_folder, new)
    }

    /// Bytes of all files and folders, in whole blocks, found by a walk over them.
    pub(super) fn measure(&self, go_on: &dyn Fn() -> bool) -> io::Result<u64> {
        self.root.measure(go_on)
    }

    /// Bytes that the disk has room for.
    pub(super) fn free(&self) -> io::Result<u64> {
        self.root.free()
    }
}

/// Whether clients are told of it.
fn is_shown(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Directory)
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "it is neither a file nor a folder")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn place(name: &str) -> VirtualPath {
        VirtualPath::default().resolve(name).unwrap()
    }

    fn open(root: &Path) -> VirtualFs {
        VirtualFs::open(root, Quota::unlimited()).unwrap()
    }

    #[test]
    fn links_devices_and_pipes_do_not_exist_for_clients() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("root")).unwrap();
        std::fs::write(at("secret"), "x").unwrap();
        symlink(at("secret"), at("root/link")).unwrap();
        symlink(directory.path(), at("root/out")).unwrap();
        mknodat(CWD, at("root/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let tree = open(&at("root"));
        for name in ["link", "pipe", "out/secret"] {
            assert!(tree.read(&place(name)).is_err(), "{name}");
            assert!(tree.write(&place(name)).is_err(), "{name}");
            assert!(tree.entry(&place(name)).is_err(), "{name}");
            assert!(tree.remove(&place(name), false).is_err(), "{name}");
            assert!(tree.rename(&place(name), &place("other")).is_err(), "{name}");
        }
        assert!(tree.list(&place("out")).is_err());
        assert_eq!(tree.list(&VirtualPath::default()).unwrap().count(), 0);
        assert_eq!(std::fs::read(at("secret")).unwrap(), b"x");
    }

    #[test]
    fn a_file_is_written_by_one_and_names_are_taken_once() {
        let directory = tempfile::tempdir().unwrap();
        let tree = open(directory.path());
        tree.make_folder(&place("a")).unwrap();
        let mut file = tree.write(&place("a/b.part")).unwrap();
        file.write_all(b"0123456789").unwrap();
        assert_eq!(tree.write(&place("a/b.part")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(file);
        tree.write(&place("a/b.part")).unwrap().write_all(b"x").unwrap();
        tree.rename(&place("a/b.part"), &place("a/b")).unwrap();
        assert_eq!(std::fs::read(directory.path().join("a/b")).unwrap(), b"x123456789");
        drop(tree.write(&place("a/c")).unwrap());
        assert_eq!(tree.rename(&place("a/c"), &place("a/b")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(tree.remove(&place("a"), true).is_err() && tree.remove(&place("a"), false).is_err());
        let names: Vec<String> = tree.list(&place("a")).unwrap().map(|item| item.unwrap().0).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
