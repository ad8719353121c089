//! A directory and what is below it, reached one directory at a time: no symbolic link is followed, whoever puts it there
//! and whenever; no device or pipe is opened. What is made and removed counts for a quota.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, DirEntry, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::quota::{BLOCK, Quota, space_of};

/// How deep directories are measured.
const DEEPEST: usize = 256;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory that is open. Names given to it are those of its own entries, never paths.
#[derive(Debug)]
pub struct RootDir {
    directory: OwnedFd,
    quota: Quota,
}

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// What is known of an entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its length.
    pub bytes: u64,
    /// When it was written last, in seconds since 1970.
    pub modified: i64,
    /// And nanoseconds.
    pub nanoseconds: u64,
    /// The number by which the file system knows it.
    pub inode: u64,
}

impl Entry {
    /// What is known of an open file.
    ///
    /// # Errors
    /// Those of the system.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(entry(&fs::fstat(file)?))
    }
}

impl RootDir {
    /// Opens `path`, in which links are followed, without a quota.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { directory: fs::open(path, DIRECTORY, Mode::empty())?, quota: Quota::unlimited() })
    }

    /// The same directory, and all that is reached through it, with this quota.
    #[must_use]
    pub fn with_quota(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }

    /// What entries count for.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotADirectory`] for a link and whatever else is none, and others.
    pub fn directory(&self, name: impl Arg + Copy) -> io::Result<Self> {
        let opened = fs::openat(&self.directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
        let directory = opened.map_err(|error| self.unopened(name, error))?;
        Ok(Self { directory, quota: self.quota.clone() })
    }

    /// A link says what it is, for the system's words mislead.
    fn unopened(&self, name: impl Arg + Copy, error: Errno) -> io::Error {
        match self.entry(name).map(|entry| entry.kind) {
            Ok(Kind::Link) if [Errno::LOOP, Errno::NOTDIR].contains(&error) => {
                io::Error::new(io::ErrorKind::NotADirectory, "it is a symbolic link, which is not followed")
            }
            _ => error.into(),
        }
    }

    /// Another handle of the same directory.
    ///
    /// # Errors
    /// If the system has none left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { directory: self.directory.try_clone()?, quota: self.quota.clone() })
    }

    /// The directory to which these names lead.
    ///
    /// # Errors
    /// As [`RootDir::directory`].
    pub fn descend(&self, names: &[impl AsRef<str>]) -> io::Result<Self> {
        let mut directory = self.try_clone()?;
        for name in names {
            directory = directory.directory(name.as_ref())?;
        }
        Ok(directory)
    }

    /// The directory `name`, which is made if it is not there.
    ///
    /// # Errors
    /// As [`RootDir::directory`] and [`RootDir::make_directory`].
    pub fn directory_or_new(&self, name: impl Arg + Copy) -> io::Result<Self> {
        match self.directory(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.make_directory(name) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => self.directory(name),
            },
            outcome => outcome,
        }
    }

    /// Makes the directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`], and those of the system.
    pub fn make_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.add(name, || Ok(fs::mkdirat(&self.directory, name, Mode::from_raw_mode(0o777))?))
    }

    /// Makes the file `name`, which is not there, to be read and written.
    ///
    /// # Errors
    /// As [`RootDir::make_directory`].
    pub fn make_file(&self, name: impl Arg + Copy, mode: u32) -> io::Result<File> {
        let flags = FILE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.add(name, || Ok(fs::openat(&self.directory, name, flags, Mode::from_raw_mode(mode))?.into()))
    }

    /// Makes an entry, if there is space for it and for what the directory itself may grow by.
    fn add<T>(&self, name: impl Arg + Copy, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _reserved = self.quota.reserve(2 * BLOCK)?;
        let _changing = self.quota.changing();
        let before = self.own_space();
        let made = make()?;
        self.quota.record(before, self.own_space() + self.space(name));
        Ok(made)
    }

    /// Opens the regular file `name` to read it.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for whatever else it is, and those of the system.
    pub fn read(&self, name: impl Arg + Copy) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY)
    }

    /// Opens the regular file `name`, which is there, to write it.
    ///
    /// # Errors
    /// As [`RootDir::read`].
    pub fn write(&self, name: impl Arg + Copy) -> io::Result<File> {
        if self.entry(name)?.kind != Kind::File {
            return Err(not_regular());
        }
        self.open_file(name, OFlags::WRONLY)
    }

    fn open_file(&self, name: impl Arg + Copy, flags: OFlags) -> io::Result<File> {
        // Links and sockets are what must not be there, not what fails here.
        let not_a_link =
            |error| if [Errno::LOOP, Errno::NXIO].contains(&error) { not_regular() } else { io::Error::from(error) };
        let opened = fs::openat(&self.directory, name, FILE | flags, Mode::empty());
        let file = File::from(opened.map_err(not_a_link)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
    }

    /// What `name` is.
    ///
    /// # Errors
    /// Those of the system.
    pub fn entry(&self, name: impl Arg + Copy) -> io::Result<Entry> {
        Ok(entry(&fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// What it is itself.
    ///
    /// # Errors
    /// Those of the system.
    pub fn itself(&self) -> io::Result<Entry> {
        Ok(entry(&fs::fstat(&self.directory)?))
    }

    /// Whether `name` is a regular file.
    pub fn has_file(&self, name: impl Arg + Copy) -> bool {
        self.entry(name).is_ok_and(|entry| entry.kind == Kind::File)
    }

    /// Its entries, one by one, in the order in which the system has them.
    ///
    /// # Errors
    /// Those of the system.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
        let is_named = |entry: &DirEntry| ![c".", c".."].contains(&entry.file_name());
        let entries = Dir::read_from(&self.directory)?;
        Ok(entries.map(|entry| Ok(entry?)).filter(move |entry| entry.as_ref().map_or(true, is_named)))
    }

    /// Removes the file or link `name`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove_file(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::empty())
    }

    /// Removes the directory `name`, which is empty.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::REMOVEDIR)
    }

    fn remove(&self, name: impl Arg + Copy, flags: AtFlags) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.own_space() + self.space(name);
        fs::unlinkat(&self.directory, name, flags)?;
        self.quota.record(before, self.own_space());
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`, in place of a file that has this name.
    ///
    /// # Errors
    /// Those of the system.
    pub fn replace(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.both_spaces(to) + to.space(new);
        fs::renameat(&self.directory, old, &to.directory, new)?;
        self.quota.record(before, self.both_spaces(to));
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`, where nothing may have this name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`], and those of the system.
    pub fn rename(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.both_spaces(to);
        match fs::renameat_with(&self.directory, old, &to.directory, new, RenameFlags::NOREPLACE) {
            // Some file systems know no such renaming.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(&self.directory, old, &to.directory, new, AtFlags::empty())?;
                fs::unlinkat(&self.directory, old, AtFlags::empty())?;
            }
            outcome => outcome?,
        }
        self.quota.record(before, self.both_spaces(to));
        Ok(())
    }

    /// Makes what happened to its entries survive a power cut.
    ///
    /// # Errors
    /// Those of the system.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.directory)?)
    }

    /// Bytes that the file system has free.
    ///
    /// # Errors
    /// Those of the system.
    pub fn free(&self) -> io::Result<u64> {
        let stat = fs::fstatvfs(&self.directory)?;
        // One without blocks does not tell.
        Ok(if stat.f_blocks == 0 { u64::MAX } else { stat.f_bavail.saturating_mul(stat.f_frsize) })
    }

    /// The space of all files and directories in it and its own, found by walking over them for as long as `go_on` says.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`], and those of the system.
    pub fn measure(&self, go_on: &dyn Fn() -> bool) -> io::Result<u64> {
        Ok(self.own_space().saturating_add(measure(&self.directory, DEEPEST, go_on)?))
    }

    fn own_space(&self) -> u64 {
        fs::fstat(&self.directory).map_or(0, |stat| space(&stat))
    }

    fn space(&self, name: impl Arg + Copy) -> u64 {
        fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(0, |stat| space(&stat))
    }

    /// The space of two directories, or of one if they are the same.
    fn both_spaces(&self, other: &Self) -> u64 {
        let identity = |directory: &OwnedFd| fs::fstat(directory).map(|stat| (stat.st_dev, stat.st_ino)).ok();
        let same = identity(&self.directory) == identity(&other.directory);
        if same { self.own_space() } else { self.own_space() + other.own_space() }
    }
}

fn measure(directory: impl AsFd, depth: usize, go_on: &dyn Fn() -> bool) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for item in Dir::read_from(&directory)? {
        if !go_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let item = item?;
        let name = item.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        // What vanishes meanwhile takes no space.
        let Ok(stat) = fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        bytes = bytes.saturating_add(space(&stat));
        if entry(&stat).kind == Kind::Directory && depth > 0 {
            let inner = fs::openat(&directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
            bytes = bytes.saturating_add(inner.map_or(Ok(0), |inner| measure(&inner, depth - 1, go_on))?);
        }
    }
    Ok(bytes)
}

fn space(stat: &Stat) -> u64 {
    space_of(u64::try_from(stat.st_size).unwrap_or_default())
}

fn entry(stat: &Stat) -> Entry {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    };
    Entry {
        kind,
        bytes: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: stat.st_mtime,
        nanoseconds: stat.st_mtime_nsec,
        inode: stat.st_ino,
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "it is no regular file")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_devices_and_pipes_are_neither_entered_nor_opened() {
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
            assert_eq!(root.entry(name).unwrap().kind, if name == "pipe" { Kind::Other } else { Kind::Link });
        }
        let told = root.directory("out").unwrap_err();
        assert!(told.kind() == io::ErrorKind::NotADirectory && told.to_string().contains("symbolic link"), "{told}");
        assert!(root.descend(&["out", "root"]).is_err());
        root.remove_file("out").unwrap();
        root.replace("pipe", &root, "link").unwrap();
        assert_eq!(std::fs::read(at("secret")).unwrap(), b"x");
    }

    /// Whatever happens, the running total is what a walk finds.
    #[test]
    fn all_that_is_made_and_removed_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let quota = Quota::new(1 << 40);
        let root = RootDir::open(directory.path()).unwrap().with_quota(quota.clone());
        let measure = || root.measure(&|| true).unwrap();
        quota.measure(|| Ok(measure())).unwrap();
        let check = |what: &str| assert_eq!((1 << 40) - quota.free(), measure(), "{what}");
        check("at the beginning");
        let inner = root.directory_or_new("inner").unwrap();
        check("a directory");
        for number in 0..300 {
            inner.make_file(format!("{number:0200}").as_str(), 0o666).unwrap();
        }
        check("many files with long names");
        assert!(inner.make_file(format!("{:0200}", 7).as_str(), 0o666).is_err());
        check("a file that was there");
        std::fs::write(directory.path().join("other"), vec![7; 9000]).unwrap();
        quota.measure(|| Ok(measure())).unwrap();
        root.rename("other", &inner, "moved").unwrap();
        check("a file that was moved");
        inner.replace("moved", &inner, format!("{:0200}", 1).as_str()).unwrap();
        check("a file that was replaced");
        assert!(root.rename("inner", &root, "inner").is_err() && root.remove_file("inner").is_err());
        check("what could not be done");
        for number in 0..300 {
            inner.remove_file(format!("{number:0200}").as_str()).unwrap();
        }
        root.remove_directory("inner").unwrap();
        check("at the end");
    }

    #[test]
    fn entries_take_what_the_quota_has() {
        let directory = tempfile::tempdir().unwrap();
        let root = RootDir::open(directory.path()).unwrap().with_quota(Quota::new(3 * BLOCK));
        root.make_file("file", 0o666).unwrap().write_all(b"x").unwrap();
        root.make_directory("directory").unwrap();
        for refused in [root.make_file("more", 0o666).map(drop), root.make_directory("more")] {
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        }
        assert!(root.directory_or_new("directory").is_ok() && root.directory_or_new("more").is_err());
        root.remove_file("file").unwrap();
        root.make_directory("more").unwrap();
    }

    #[test]
    fn a_walk_ends_when_it_is_to_end() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "x").unwrap();
        let root = RootDir::open(directory.path()).unwrap();
        assert_eq!(root.measure(&|| false).unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
