//! Whether other users of this machine could have written a file of secrets or trust, as the StrictModes of OpenSSH ask.
//!
//! A file or directory is private if it belongs to the user of this process or to root, if nobody else can write to it, and if
//! nobody else can put another one in its place. For the last, the same must hold for every directory above it and for the owner
//! of every symbolic link on the way. A directory above it may be writable if it is sticky, as `/tmp` is, for then others cannot
//! rename what is not theirs. The directory that holds a mount point is not looked at, for renaming does not replace what is mounted
//! there; its owner can do that only by exchanging the mount point itself, in a mount namespace of their own.
//!
//! Where all directories are private nobody can exchange a path between this check and its use; files that [`open`] and
//! [`open_regular`](fn@open_regular) open are checked by their handles besides.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};

use super::{open_regular, shell};

/// The owner that everybody trusts.
const ROOT: u32 = 0;
/// Mode bits that let the group or everybody write.
const WRITABLE: u32 = 0o022;
/// The mode bit of a directory in which everybody renames and removes what is their own only.
const STICKY: u32 = 0o1000;
/// The most symbolic links on the way to a file, as in Linux.
const MOST_LINKS: usize = 40;

/// A file, directory or link that another user could have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipError {
    place: PathBuf,
    owner: u32,
    mode: u32,
    fault: Fault,
    /// Whether it is a directory above the file or directory in question.
    is_above: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It belongs to another user.
    Owner,
    /// It is a symbolic link, and belongs to another user.
    Link,
    /// Group or others can write to it.
    Writable,
}

impl fmt::Display for OwnershipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, owner, mode, fault, .. } = self;
        let place = place.display();
        let what = format_args!("owner {owner}, mode {mode:04o}");
        match fault {
            Fault::Owner => write!(f, "{place} belongs to another user ({what})"),
            Fault::Link => write!(f, "the symbolic link {place} belongs to another user ({what})"),
            Fault::Writable => write!(f, "other users can write to {place} ({what})"),
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
    /// The one inside an error of the system.
    pub fn inside(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The shell command that makes the place private.
    pub fn fix(&self) -> String {
        let (user, place) = (user(), shell::quoted(self.place.as_os_str().as_bytes()));
        match self.fault {
            Fault::Owner => format!("chown {user} {place}"),
            Fault::Link => format!("chown -h {user} {place}"),
            Fault::Writable => format!("chmod go-w {place}"),
        }
    }

    /// Whether another user has a directory above the file, such as their home directory: it may have to stay theirs.
    pub fn is_in_anothers_directory(&self) -> bool {
        self.is_above && self.fault == Fault::Owner
    }

    /// Whether only root can run that command.
    pub fn takes_root(&self) -> bool {
        user() != ROOT && self.owner != user()
    }

    fn of(place: &Path, meta: &Metadata, fault: Fault) -> Self {
        Self { place: place.into(), owner: meta.uid(), mode: meta.mode() & 0o7777, fault, is_above: false }
    }
}

/// Fails unless the file or directory at `path` is private. One that is not there is, if nobody else can put one there.
///
/// # Errors
/// [`OwnershipError`] inside of an [`io::Error`], and those of looking.
pub fn require_private(path: &Path) -> io::Result<()> {
    let mut walk = Walk::new(&std::path::absolute(path)?)?;
    while let Some(name) = walk.ahead.pop() {
        if walk.step(&name)? {
            break;
        }
    }
    Ok(())
}

/// Opens the file of secrets or trust at `path` for reading, whatever kind of file it is.
///
/// # Errors
/// As [`require_private`], and those of opening.
pub fn open(path: &Path) -> io::Result<File> {
    require_private(path)?;
    private(File::open(path)?, path)
}

/// The same for a regular file only.
///
/// # Errors
/// As [`open`], and one for whatever is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    require_private(path)?;
    private(open_regular::open_linked(path)?, path)
}

/// `file`, which was opened at `path`, if nobody else can write to it.
fn private(file: File, path: &Path) -> io::Result<File> {
    fault(path, &file.metadata()?).map_or(Ok(file), |fault| Err(fault.into()))
}

/// What is wrong with a file or directory itself. A terminal or another device holds nothing that others could have left there.
fn fault(place: &Path, meta: &Metadata) -> Option<OwnershipError> {
    if meta.file_type().is_char_device() {
        return None;
    }
    let fault = if !is_trusted(meta) {
        Fault::Owner
    } else if meta.mode() & WRITABLE != 0 {
        Fault::Writable
    } else {
        return None;
    };
    Some(OwnershipError::of(place, meta, fault))
}

/// What is wrong with a directory above it.
fn fault_above(place: &Path) -> io::Result<Option<OwnershipError>> {
    let meta = place.symlink_metadata()?;
    let is_sticky = is_trusted(&meta) && meta.mode() & STICKY != 0;
    let above = |fault| OwnershipError { is_above: true, ..fault };
    Ok(if is_sticky { None } else { fault(place, &meta).map(above) })
}

fn is_trusted(meta: &Metadata) -> bool {
    meta.uid() == ROOT || meta.uid() == user()
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Goes down a path from the root directory, one name after the other, through symbolic links.
struct Walk {
    /// Where it is: a directory, and no link on the way.
    here: PathBuf,
    /// What is wrong with that, unless a mount point comes next.
    doubt: Option<OwnershipError>,
    /// Names that are still to come, the next one last.
    ahead: Vec<OsString>,
    /// Links that were followed.
    links: usize,
}

impl Walk {
    fn new(path: &Path) -> io::Result<Self> {
        let mut walk = Self { here: PathBuf::new(), doubt: None, ahead: Vec::new(), links: 0 };
        walk.go(path)?;
        Ok(walk)
    }

    /// Has `path` before it, seen from where it is.
    fn go(&mut self, path: &Path) -> io::Result<()> {
        if path.has_root() {
            self.enter(PathBuf::from("/"))?;
        }
        let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
        self.ahead.extend(names.map(|part| part.as_os_str().to_owned()).rev());
        Ok(())
    }

    fn enter(&mut self, directory: PathBuf) -> io::Result<()> {
        self.doubt = fault_above(&directory)?;
        self.here = directory;
        Ok(())
    }

    /// Goes on by one name; whether nothing is left to look at.
    fn step(&mut self, name: &OsString) -> io::Result<bool> {
        if name == ".." {
            self.enter(self.here.parent().unwrap_or(Path::new("/")).into())?;
            return Ok(false);
        }
        let next = self.here.join(name);
        // An open file of this process, which is no question of names.
        if next == Path::new("/proc") && names_open_file(&self.ahead) {
            return Ok(true);
        }
        let meta = match next.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.doubt.take().map_or(Ok(true), |doubt| Err(doubt.into()));
            }
            meta => meta?,
        };
        if let Some(doubt) = self.doubt.take().filter(|_| !is_mount_point(&next)) {
            return Err(doubt.into());
        }
        if meta.is_symlink() {
            return self.follow(&next, &meta).map(|()| false);
        }
        if self.ahead.is_empty() {
            return fault(&next, &meta).map_or(Ok(true), |fault| Err(fault.into()));
        }
        self.enter(next).map(|()| false)
    }

    fn follow(&mut self, link: &Path, meta: &Metadata) -> io::Result<()> {
        if !is_trusted(meta) {
            return Err(OwnershipError::of(link, meta, Fault::Link).into());
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(rustix::io::Errno::LOOP.into());
        }
        self.doubt = fault_above(&self.here)?;
        self.go(&link.read_link()?)
    }
}

/// Whether the names that are ahead in `/proc`, the next one last, are those of a process, or its thread, `fd` and a number.
fn names_open_file(ahead: &[OsString]) -> bool {
    let is_number = |name: &OsString| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    let is_process = |name: &OsString| name == "self" || is_number(name);
    match ahead {
        [file, fd, process] => is_number(file) && fd == "fd" && (is_process(process) || process == "thread-self"),
        [file, fd, thread, task, process] => {
            is_number(file) && fd == "fd" && is_number(thread) && task == "task" && is_process(process)
        }
        _ => false,
    }
}

/// Whether something is mounted at `place`. Where the kernel does not tell (before Linux 5.8), nothing is.
fn is_mount_point(place: &Path) -> bool {
    let looked = rustix::fs::statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    looked.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(test)]
mod tests;
