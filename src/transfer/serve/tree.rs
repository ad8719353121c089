//! The files below the root, reached folder by folder: no link is followed, no device or pipe opened.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::names::{Place, is_name};

/// Bytes that disks give out at a time; nothing takes less.
pub(super) const BLOCK: u64 = 4096;

/// What may be read of a folder's list, in entries: many clients may hold such a list at once.
const LONGEST_LIST: usize = 10_000;

/// A directory and what is below it.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
}

/// A file or folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) is_folder: bool,
    pub(super) bytes: u64,
    /// Seconds since 1970.
    pub(super) modified: i64,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Tree {
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: fs::open(root, flags, Mode::empty())? })
    }

    fn folder(&self, names: &[String]) -> io::Result<OwnedFd> {
        let mut folder = self.root.try_clone()?;
        for name in names {
            folder = fs::openat(&folder, name.as_str(), FOLDER, Mode::empty()).map_err(not_a_link)?;
        }
        Ok(folder)
    }

    /// Opens a regular file to read it.
    pub(super) fn read(&self, place: &Place) -> io::Result<File> {
        let (folder, name) = place.split()?;
        let file = fs::openat(self.folder(folder)?, name, FILE | OFlags::RDONLY, Mode::empty());
        regular(file.map_err(not_a_link)?.into())
    }

    /// Opens a regular file to write it; makes it if it is not there. Until it is closed, nobody else can do the same.
    pub(super) fn write(&self, place: &Place) -> io::Result<File> {
        let (folder, name) = place.split()?;
        let folder = self.folder(folder)?;
        match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => return Err(not_regular()),
            _ => {}
        }
        let mode = Mode::from_raw_mode(0o666);
        let file = regular(fs::openat(&folder, name, FILE | OFlags::WRONLY | OFlags::CREATE, mode)?.into())?;
        file.try_lock()?;
        Ok(file)
    }

    /// Makes what happened in the folder of `place` survive a power cut.
    pub(super) fn sync_folder(&self, place: &Place) -> io::Result<()> {
        Ok(fs::fsync(self.folder(place.split()?.0)?)?)
    }

    pub(super) fn entry(&self, place: &Place) -> io::Result<Entry> {
        let stat = match place.split() {
            Ok((folder, name)) => fs::statat(self.folder(folder)?, name, AtFlags::SYMLINK_NOFOLLOW)?,
            Err(_) => fs::fstat(&self.root)?,
        };
        entry(&stat).ok_or_else(not_regular)
    }

    /// Files and folders in a folder, by name.
    pub(super) fn list(&self, place: &Place) -> io::Result<Vec<(String, Entry)>> {
        let folder = self.folder(place.names())?;
        let mut found = Vec::new();
        for item in Dir::read_from(&folder)?.take(LONGEST_LIST) {
            let Ok(name) = item?.file_name().to_str().map(str::to_owned) else { continue };
            let stat = fs::statat(&folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW);
            // What vanishes meanwhile, and what is neither, is not told of.
            if let (true, Some(entry)) =
                (![".", ".."].contains(&name.as_str()) && is_name(&name), stat.ok().as_ref().and_then(entry))
            {
                found.push((name, entry));
            }
        }
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(found)
    }

    pub(super) fn make_folder(&self, place: &Place) -> io::Result<()> {
        let (folder, name) = place.split()?;
        fs::mkdirat(self.folder(folder)?, name, Mode::from_raw_mode(0o777))?;
        self.sync_folder(place)
    }

    pub(super) fn remove(&self, place: &Place, is_folder: bool) -> io::Result<()> {
        let (folder, name) = place.split()?;
        if self.entry(place)?.is_folder != is_folder {
            return Err(if is_folder { io::ErrorKind::NotADirectory } else { io::ErrorKind::IsADirectory }.into());
        }
        let flags = if is_folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        Ok(fs::unlinkat(self.folder(folder)?, name, flags)?)
    }

    /// Sees to it that a file is on the disk.
    pub(super) fn sync(&self, place: &Place) -> io::Result<()> {
        if self.entry(place)?.is_folder { Ok(()) } else { self.read(place)?.sync_all() }
    }

    /// Gives a file or folder another name, which nothing else has. A folder stays in the one that it is in: moved into
    /// each other, folders would become deeper than anybody can walk.
    pub(super) fn rename(&self, from: &Place, to: &Place) -> io::Result<()> {
        let ((old_folder, old), (new_folder, new)) = (from.split()?, to.split()?);
        if self.entry(from)?.is_folder && old_folder != new_folder {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let (old_folder, new_folder) = (self.folder(old_folder)?, self.folder(new_folder)?);
        Ok(fs::renameat_with(&old_folder, old, &new_folder, new, RenameFlags::NOREPLACE)?)
    }

    /// Bytes of all files and folders, in whole blocks.
    pub(super) fn used(&self) -> io::Result<u64> {
        used(&self.root)
    }

    /// Bytes that the disk has room for.
    pub(super) fn free(&self) -> io::Result<u64> {
        let stat = fs::fstatvfs(&self.root)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

fn used(folder: &OwnedFd) -> io::Result<u64> {
    let mut bytes = 0;
    for item in Dir::read_from(folder)? {
        let item = item?;
        let name = item.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        // What vanishes meanwhile takes no room.
        let Ok(stat) = fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        bytes += u64::try_from(stat.st_size).unwrap_or_default().max(1).next_multiple_of(BLOCK);
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            bytes += fs::openat(folder, name, FOLDER, Mode::empty()).map_or(Ok(0), |inner| used(&inner))?;
        }
    }
    Ok(bytes)
}

fn entry(stat: &Stat) -> Option<Entry> {
    let is_folder = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile => false,
        _ => return None,
    };
    Some(Entry { is_folder, bytes: u64::try_from(stat.st_size).unwrap_or_default(), modified: stat.st_mtime })
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

/// Links and sockets are what must not be there, not what fails here.
fn not_a_link(error: Errno) -> io::Error {
    if [Errno::LOOP, Errno::NXIO].contains(&error) { not_regular() } else { error.into() }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "it is neither a file nor a folder")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::*;

    fn place(name: &str) -> Place {
        Place::default().resolve(name).unwrap()
    }

    #[test]
    fn links_devices_and_pipes_do_not_exist_for_clients() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("root")).unwrap();
        std::fs::write(at("secret"), "x").unwrap();
        symlink(at("secret"), at("root/link")).unwrap();
        symlink(directory.path(), at("root/out")).unwrap();
        fs::mknodat(fs::CWD, at("root/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let tree = Tree::open(&at("root")).unwrap();
        for name in ["link", "pipe", "out/secret"] {
            assert!(tree.read(&place(name)).is_err(), "{name}");
            assert!(tree.write(&place(name)).is_err(), "{name}");
            assert!(tree.entry(&place(name)).is_err(), "{name}");
            assert!(tree.remove(&place(name), false).is_err(), "{name}");
            assert!(tree.rename(&place(name), &place("other")).is_err(), "{name}");
        }
        assert!(tree.list(&place("out")).is_err());
        assert!(tree.list(&Place::default()).unwrap().is_empty());
        assert_eq!(std::fs::read(at("secret")).unwrap(), b"x");
    }

    #[test]
    fn a_file_is_written_by_one_and_names_are_taken_once() {
        let directory = tempfile::tempdir().unwrap();
        let tree = Tree::open(directory.path()).unwrap();
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
        let files = 2 * BLOCK;
        assert!((files + 1..files + (1 << 16)).contains(&tree.used().unwrap()), "a folder takes room, too");
        assert!(tree.remove(&place("a"), true).is_err() && tree.remove(&place("a"), false).is_err());
    }
}
