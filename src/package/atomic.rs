//! A file appears under its name whole and on disk, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes to a hidden neighbour of `path` that takes its name when [`AtomicFile::commit`]ted and vanishes when dropped.
pub struct AtomicFile {
    writer: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner only (0600).
    Private,
    /// Whoever the user's mask lets.
    Shared,
}

impl AtomicFile {
    /// Begins a file that will be called `path`.
    ///
    /// # Errors
    /// If the neighbour cannot be made.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let writer = BufWriter::with_capacity(1 << 17, open_new(&temporary, access)?);
        Ok(Self { writer: Some(writer), temporary, path: path.into() })
    }

    /// Puts the file on disk under its name, in place of one that has it.
    ///
    /// # Errors
    /// If writing, syncing or renaming fails; then nothing has changed under the name.
    pub fn commit(mut self) -> io::Result<()> {
        self.written()?.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        sync_directory(&self.path)
    }

    /// Gives the file its name without waiting for the disk: for what a power cut may take.
    ///
    /// # Errors
    /// If writing or renaming fails.
    pub fn publish(mut self) -> io::Result<()> {
        self.written()?;
        fs::rename(&self.temporary, &self.path)
    }

    fn written(&mut self) -> io::Result<File> {
        let writer = self.writer.take().ok_or(io::ErrorKind::InvalidInput)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().ok_or(io::ErrorKind::InvalidInput)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // After a commit there is nothing under this name any more.
        if fs::remove_file(&self.temporary).is_err() {
            self.writer = None;
        }
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

/// Makes what happened in the directory of `path` (a rename, a removal) survive a power cut.
///
/// # Errors
/// If the directory cannot be synced.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// A file that did not exist before, or that a killed process of our number left behind.
fn open_new(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        outcome => outcome,
    }
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
        write(&path, b"whole", Access::Shared).unwrap();
        write(&path, b"again", Access::Shared).unwrap();
        assert_eq!(names(directory.path()), ["name"]);
        assert_eq!(fs::read(&path).unwrap(), b"again");
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
