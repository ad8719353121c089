//! A file appears under its name whole and on disk, or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};
use tempfile::NamedTempFile;

use super::regular;

/// Begins the names of files that have not got theirs yet.
pub const TEMPORARY: &str = ".hestat-";

/// The most files that share one name but for a number.
const MOST_NAMESAKES: u32 = 1000;

/// Bytes behind what is being written that may still be on their way to the disk.
const KEPT: u64 = 32 << 20;

/// Writes, unbuffered, to a hidden neighbour of `path` that takes its name when [`AtomicFile::commit`]ted and vanishes when
/// dropped.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    path: PathBuf,
}

/// Who may use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner only (0600).
    Private,
    /// Everybody, but nobody else can write to it, whatever the user's mask says (0644).
    Public,
    /// Whoever the user's mask lets.
    Shared,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
            Self::Shared => 0o666,
        }
    }
}

impl AtomicFile {
    /// Begins a file that will be called `path`.
    ///
    /// # Errors
    /// If the neighbour cannot be made, or if `path` is a device, a pipe, a directory or, as `/dev/stderr` is, a name for an open
    /// file: taking its name would destroy it.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        let is_open_file = path.read_link().is_ok_and(|target| target.starts_with("/proc"));
        if is_open_file || path.metadata().is_ok_and(|meta| !meta.is_file()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file and cannot be replaced by one",
            ));
        }
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, access.mode());
        // Opened here, for tempfile's errors tell the hidden name, which is nobody's business and may travel in a status.
        let file = tempfile::Builder::new().prefix(TEMPORARY).make_in(folder(path), |place| options.open(place))?;
        Ok(Self { file, path: path.into() })
    }

    /// The same in a folder that others may [`sweep`]: they see that somebody writes it.
    ///
    /// # Errors
    /// As [`AtomicFile::create`], and if it cannot be locked.
    pub fn create_locked(path: &Path, access: Access) -> io::Result<Self> {
        loop {
            let begun = Self::create(path, access)?;
            begun.file.as_file().lock()?;
            // A sweep that sees it before the lock takes it for abandoned.
            if begun.file.path().exists() {
                return Ok(begun);
            }
        }
    }

    /// Puts the file on disk under its name, in place of one that has it.
    ///
    /// # Errors
    /// If syncing or renaming fails; then nothing has changed under the name.
    pub fn commit(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path)?;
        sync_directory(&self.path)
    }

    /// Puts the file on disk under its name or, where a file has that, under the first of `name.2`, `name.3`, … that is
    /// free; returns where.
    ///
    /// # Errors
    /// If syncing or renaming fails.
    pub fn commit_beside(self) -> io::Result<PathBuf> {
        let Self { mut file, path } = self;
        file.as_file().sync_all()?;
        let others = (2..=MOST_NAMESAKES).map(|number| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        });
        for name in std::iter::once(path.clone()).chain(others) {
            match file.persist_noclobber(&name) {
                Ok(_) => return sync_directory(&name).map(|()| name),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
                Err(error) => return Err(error.error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The same file, for others who write into it at places of their own until it is committed.
    ///
    /// # Errors
    /// If the system has no handle left.
    pub fn handle(&self) -> io::Result<File> {
        self.file.as_file().try_clone()
    }

    /// [`hurry`] for the last bytes that were written.
    pub fn hurry(&mut self, bytes: u64) {
        if let Ok(end) = self.file.as_file_mut().stream_position() {
            hurry(self.file.as_file(), end.saturating_sub(bytes), bytes);
        }
    }

    /// Gives the file its name without waiting for the disk: for what a power cut may take.
    ///
    /// # Errors
    /// If renaming fails.
    pub fn publish(self) -> io::Result<()> {
        self.file.persist(&self.path)?;
        Ok(())
    }
}

/// Removes files that killed processes left in `folder` before they had their names.
///
/// # Errors
/// Those of reading the folder and removing.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove_abandoned(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file that nobody writes any more: who does holds a lock on it. Nobody begins to while it is removed.
fn remove_abandoned(path: &Path) -> io::Result<()> {
    let Some(_locked) = regular::open(path).ok().filter(|file| file.try_lock().is_ok()) else { return Ok(()) };
    match fs::remove_file(path) {
        // Somebody else sweeps too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Whether a file could be put at `path`, as far as this can be told without doing so; nothing is left there.
///
/// # Errors
/// As of [`AtomicFile::create`], for a name that no file can have, and where the file that has the name may not be replaced.
pub fn probe(path: &Path) -> io::Result<()> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match path.symlink_metadata() {
        Ok(taken) => require_replaceable(&taken, folder(path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    AtomicFile::create(path, Access::Private).map(drop)
}

/// In a sticky folder, the file that has the name is replaced by its owner, the folder's owner and root only.
fn require_replaceable(taken: &Metadata, folder: &Path) -> io::Result<()> {
    let (folder, user) = (folder.metadata()?, rustix::process::geteuid());
    let is_sticky = folder.mode() & 0o1000 != 0;
    let may_replace = user.is_root() || [taken.uid(), folder.uid()].contains(&user.as_raw());
    if is_sticky && !may_replace {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    Ok(())
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Past tempfile, whose errors tell the hidden name.
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// Writes `bytes` as the whole file `path`.
///
/// # Errors
/// As [`AtomicFile`].
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = AtomicFile::create(path, access)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Has the system begin to put so many bytes of `file`, those from `from` on, on the disk, and waits for nothing: so there is
/// less to wait for when the file is synced. Of what was written well before them, the system forgets what is on the disk: its
/// next pages are these, which are warm, and what others have in its cache stays there.
pub fn hurry(file: &File, from: u64, bytes: u64) {
    let begin = from.saturating_sub(KEPT);
    // Of pages that are not on the disk, this advice begins to write them. It may fail: then they are written later.
    let _advice = fadvise(file, begin, NonZeroU64::new(from + bytes - begin), Advice::DontNeed);
}

/// Makes what happened in the directory of `path` (a rename, a removal) survive a power cut.
///
/// # Errors
/// If the directory cannot be synced.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("name");
        let mut abandoned = AtomicFile::create(&path, Access::Shared).unwrap();
        abandoned.write_all(b"half").unwrap();
        drop(abandoned);
        assert!(names(directory.path()).is_empty());
        let nowhere = AtomicFile::create(&path.join("x"), Access::Shared).unwrap_err();
        assert_eq!(nowhere.raw_os_error(), Some(rustix::io::Errno::NOENT.raw_os_error()));
        write(&path, b"whole", Access::Shared).unwrap();
        write(&path, b"again", Access::Shared).unwrap();
        assert_eq!(names(directory.path()), ["name"]);
        assert_eq!(fs::read(&path).unwrap(), b"again");
    }

    #[test]
    fn what_nobody_writes_any_more_is_swept() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in [".hestat-abandoned", "kept", ".other"] {
            fs::write(path(name), b"half").unwrap();
        }
        let mut writing = AtomicFile::create_locked(&path("name"), Access::Shared).unwrap();
        sweep(directory.path()).unwrap();
        writing.write_all(b"whole").unwrap();
        writing.commit().unwrap();
        let mut left = names(directory.path());
        left.sort();
        assert_eq!(left, [".other", "kept", "name"]);
        assert_eq!(fs::read(path("name")).unwrap(), b"whole");
    }

    #[test]
    fn a_name_that_is_taken_stays_with_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("name");
        for (content, name) in [("first", "name"), ("second", "name.2"), ("third", "name.3")] {
            let file = AtomicFile::create(&path, Access::Shared).unwrap();
            file.handle().unwrap().write_all(content.as_bytes()).unwrap();
            assert_eq!(file.commit_beside().unwrap(), directory.path().join(name));
        }
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read(directory.path().join("name.3")).unwrap(), b"third");
        assert_eq!(names(directory.path()).len(), 3);
    }

    #[test]
    fn what_could_not_be_written_is_found_by_trying() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in ["none/name", "none/", ".", "..", &"x".repeat(300), "name/name"] {
            fs::write(path("name"), b"whole").unwrap();
            assert!(probe(&path(name)).is_err(), "{name:?}");
        }
        probe(&path("name")).unwrap();
        probe(&path("other")).unwrap();
        assert_eq!(
            (names(directory.path()), fs::read(path("name")).unwrap()),
            (vec!["name".into()], b"whole".to_vec())
        );
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
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
    fn private_files_are_the_owners() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("name");
        write(&path, b"secret", Access::Private).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
