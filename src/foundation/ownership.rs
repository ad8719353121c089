//! Checks that no other user of this machine can modify a file that holds secrets or trust decisions, like
//! `StrictModes` of OpenSSH.
//!
//! A file or directory is *owned* if it belongs to the user of this process or to root, if only its owner can write to
//! it, and if no other user can replace it. Other users may be able to read it. The last condition
//! requires the same of every directory above it, and of the owner of every symbolic link on the path. A directory
//! above it may be writable if it is sticky, like `/tmp`: other users cannot rename entries that they do not own. The
//! directory that contains a mount point is not checked, because renaming does not replace the mounted file system; its
//! owner could only replace the mount point itself, in a mount namespace of their own.
//!
//! If all directories are owned, no other user can replace a path between this check and its use. [`open`] and
//! [`open_regular`] also check the open file itself.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};

use super::fs::if_exists;
use super::regular_file;

/// The owner that every user trusts.
const ROOT: u32 = 0;
/// Mode bits that let the group or others write.
const WRITABLE: u32 = 0o022;
/// The mode bit of a directory in which users can rename and remove only their own entries.
const STICKY: u32 = 0o1000;
/// The limit of symbolic links on a path, as in Linux.
const MAX_LINKS: usize = 40;

/// A file, directory or symbolic link that another user could have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipError {
    path: PathBuf,
    owner: u32,
    mode: u32,
    problem: Problem,
    /// Whether `path` is a directory above the file or directory that was checked.
    is_ancestor: bool,
}

/// Why another user could have changed a file, directory or symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Another user owns the file or directory.
    OtherOwner,
    /// Another user owns the symbolic link.
    OtherLinkOwner,
    /// The group or others can write.
    WritableByOthers,
}

impl fmt::Display for OwnershipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, owner, mode, problem, .. } = self;
        let path = path.display();
        let details = format_args!("owner {owner}, mode {mode:04o}");
        match problem {
            Problem::OtherOwner => write!(f, "{path} belongs to another user ({details})"),
            Problem::OtherLinkOwner => write!(f, "the symbolic link {path} belongs to another user ({details})"),
            Problem::WritableByOthers => write!(f, "other users can write to {path} ({details})"),
        }
    }
}

impl std::error::Error for OwnershipError {}

impl From<OwnershipError> for io::Error {
    fn from(error: OwnershipError) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}

impl OwnershipError {
    /// Returns the ownership error that an I/O error wraps.
    pub fn inside(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns the path of the file, directory or symbolic link, which may be above the one that was checked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns why another user could have changed it.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// Returns whether another user owns a directory above the file; their home directory, for example, must stay
    /// theirs.
    pub fn is_in_directory_of_another_user(&self) -> bool {
        self.is_ancestor && self.problem == Problem::OtherOwner
    }

    /// Returns whether only root can change the owner or mode.
    pub fn requires_root(&self) -> bool {
        user() != ROOT && self.owner != user()
    }

    fn new(path: &Path, meta: &Metadata, problem: Problem) -> Self {
        Self { path: path.into(), owner: meta.uid(), mode: meta.mode() & 0o7777, problem, is_ancestor: false }
    }
}

/// Checks that the file or directory at `path` is owned. A path that does not exist passes if no other user can create
/// it.
///
/// # Errors
/// An [`OwnershipError`] inside an [`io::Error`] if it is not owned, or the error of reading metadata or a symbolic
/// link.
pub fn require_owned(path: &Path) -> io::Result<()> {
    let mut walker = PathWalker::new(&std::path::absolute(path)?)?;
    while let Some(name) = walker.pending.pop() {
        if walker.step(&name)? {
            break;
        }
    }
    Ok(())
}

/// Opens an owned file of any type for reading.
///
/// # Errors
/// As [`require_owned`], or opening fails.
pub fn open(path: &Path) -> io::Result<File> {
    require_owned(path)?;
    check_opened(File::open(path)?, path)
}

/// Opens an owned regular file for reading.
///
/// # Errors
/// As [`open`], or it is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    require_owned(path)?;
    check_opened(regular_file::open_following_links(path)?, path)
}

/// Returns `file`, which was opened at `path`, if it is owned itself.
fn check_opened(file: File, path: &Path) -> io::Result<File> {
    check(path, &file.metadata()?)?;
    Ok(file)
}

/// Checks a file or directory itself. Terminals and other character devices store nothing that another user could have
/// written.
fn check(path: &Path, meta: &Metadata) -> Result<(), OwnershipError> {
    if meta.file_type().is_char_device() {
        Ok(())
    } else if !is_trusted(meta) {
        Err(OwnershipError::new(path, meta, Problem::OtherOwner))
    } else if meta.mode() & WRITABLE != 0 {
        Err(OwnershipError::new(path, meta, Problem::WritableByOthers))
    } else {
        Ok(())
    }
}

/// Checks a directory above the file or directory in question.
fn check_ancestor(path: &Path) -> io::Result<Option<OwnershipError>> {
    let meta = path.symlink_metadata()?;
    let is_sticky = is_trusted(&meta) && meta.mode() & STICKY != 0;
    let error = check(path, &meta).err().filter(|_| !is_sticky);
    Ok(error.map(|error| OwnershipError { is_ancestor: true, ..error }))
}

fn is_trusted(meta: &Metadata) -> bool {
    meta.uid() == ROOT || meta.uid() == user()
}

/// Returns the ID of the user whose rights this process has.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Walks down a path from the root directory, component by component, and resolves symbolic links.
struct PathWalker {
    /// The current directory, free of symbolic links.
    current: PathBuf,
    /// The error of the current directory, which is ignored if the next component is a mount point.
    deferred: Option<OwnershipError>,
    /// The components that remain, the next one last.
    pending: Vec<OsString>,
    /// The number of symbolic links that were followed.
    links: usize,
}

impl PathWalker {
    fn new(path: &Path) -> io::Result<Self> {
        let mut walker = Self { current: PathBuf::new(), deferred: None, pending: Vec::new(), links: 0 };
        walker.push(path)?;
        Ok(walker)
    }

    /// Adds the components of `path`, which is absolute or relative to the current directory.
    fn push(&mut self, path: &Path) -> io::Result<()> {
        if path.has_root() {
            self.enter(PathBuf::from("/"))?;
        }
        let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
        self.pending.extend(names.map(|part| part.as_os_str().to_owned()).rev());
        Ok(())
    }

    fn enter(&mut self, directory: PathBuf) -> io::Result<()> {
        self.deferred = check_ancestor(&directory)?;
        self.current = directory;
        Ok(())
    }

    /// Advances by one component; returns whether nothing remains to be checked.
    fn step(&mut self, name: &OsString) -> io::Result<bool> {
        if name == ".." {
            self.enter(self.current.parent().unwrap_or(Path::new("/")).into())?;
            return Ok(false);
        }
        let next = self.current.join(name);
        // The path of an open file of a process is not resolved through directories.
        if next == Path::new("/proc") && names_open_file(&self.pending) {
            return Ok(true);
        }
        let Some(meta) = if_exists(next.symlink_metadata())? else {
            return self.deferred.take().map_or(Ok(true), |error| Err(error.into()));
        };
        if let Some(error) = self.deferred.take().filter(|_| !is_mount_point(&next)) {
            return Err(error.into());
        }
        if meta.is_symlink() {
            return self.follow(&next, &meta).map(|()| false);
        }
        if self.pending.is_empty() {
            check(&next, &meta)?;
            return Ok(true);
        }
        self.enter(next).map(|()| false)
    }

    fn follow(&mut self, link: &Path, meta: &Metadata) -> io::Result<()> {
        if !is_trusted(meta) {
            return Err(OwnershipError::new(link, meta, Problem::OtherLinkOwner).into());
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(rustix::io::Errno::LOOP.into());
        }
        self.deferred = check_ancestor(&self.current)?;
        self.push(&link.read_link()?)
    }
}

/// Returns whether the components below `/proc`, the first one last, name a file descriptor: `<process>/fd/<number>` or
/// `<process>/task/<thread>/fd/<number>`.
fn names_open_file(components: &[OsString]) -> bool {
    let is_number = |name: &OsString| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    let is_process = |name: &OsString| name == "self" || is_number(name);
    match components {
        [file, fd, process] => is_number(file) && fd == "fd" && (is_process(process) || process == "thread-self"),
        [file, fd, thread, task, process] => {
            is_number(file) && fd == "fd" && is_number(thread) && task == "task" && is_process(process)
        }
        _ => false,
    }
}

/// Returns whether `path` is a mount point; `false` where the kernel does not report it (before Linux 5.8).
fn is_mount_point(path: &Path) -> bool {
    let statx = rustix::fs::statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    statx.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(test)]
mod tests;
