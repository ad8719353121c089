//! A directory as the server: both sides on one machine, or on one shared disk.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::RemoteStore;
use super::error::TransferError;
use crate::foundation::observer::Observer;
use crate::foundation::root_dir::RootDir;

/// Bytes copied between two questions whether to go on.
const PIECE: usize = 1 << 20;

/// A server that is a directory. Others may write there, too, so no link below it is followed.
#[derive(Debug)]
pub struct LocalDirectory {
    path: PathBuf,
    root: RootDir,
}

impl LocalDirectory {
    /// The existing directory at `path`.
    ///
    /// # Errors
    /// [`TransferError::Unreachable`] if there is none, [`TransferError::Denied`] if it may not be read.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied => TransferError::at_server(path, source),
            _ => TransferError::Unreachable { location: format!("file://{}", path.display()), source },
        };
        Ok(Self { path: path.into(), root: RootDir::open(path).map_err(failed)? })
    }

    /// For `map_err`: an error at `name`.
    fn at(&self, name: &str) -> impl Fn(io::Error) -> TransferError + use<> {
        let place = self.path.join(name);
        move |source| TransferError::at_server(&place, source)
    }

    /// The directory that holds `name`, made if it is not there.
    fn make_folder(&self, name: &str) -> io::Result<RootDir> {
        folders(name).try_fold(self.root.try_clone()?, |folder, name| folder.directory_or_new(name))
    }

    fn folder(&self, name: &str) -> io::Result<RootDir> {
        self.root.descend(&folders(name).collect::<Vec<_>>())
    }
}

/// The directories on the way to `name`.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.rsplit_once('/').into_iter().flat_map(|(folders, _)| folders.split('/'))
}

/// The last part of `name`.
fn last(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

impl RemoteStore for LocalDirectory {
    fn put(&self, local: &Path, name: &str, observer: &dyn Observer) -> Result<(), TransferError> {
        let part = format!("{}.part", last(name));
        let at_server = self.at(name);
        let here = |source| TransferError::Local { place: local.display().to_string(), source };
        let folder = self.make_folder(name).map_err(&at_server)?;
        let mut input = File::open(local).map_err(here)?;
        let mut output = create_anew(&folder, &part).map_err(&at_server)?;
        copy(&mut input, &mut output, observer, here, &at_server)?;
        output.sync_all().map_err(&at_server)?;
        let found = output.metadata().map_err(&at_server)?.len();
        let sent = input.metadata().map_err(here)?.len();
        if found != sent {
            return Err(TransferError::Incomplete { place: self.path.join(name).display().to_string(), found, sent });
        }
        folder.replace(part.as_str(), &folder, last(name)).and_then(|()| folder.sync()).map_err(at_server)
    }

    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: &dyn Observer,
    ) -> Result<u64, TransferError> {
        let at_server = self.at(name);
        let here = |source| TransferError::Local { place: "the downloaded copy".into(), source };
        let input = self.folder(name).and_then(|folder| folder.read(last(name))).map_err(&at_server)?;
        let copied = copy(&mut input.take(limit + 1), output, observer, at_server, here)?;
        if copied > limit {
            return Err(TransferError::TooLarge { place: self.path.join(name).display().to_string(), limit });
        }
        Ok(copied)
    }

    fn size(&self, name: &str) -> Result<Option<u64>, TransferError> {
        match self.folder(name).and_then(|folder| folder.entry(last(name))) {
            Ok(entry) => Ok(Some(entry.bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.at(name)(error)),
        }
    }

    fn remove_folder(&self, name: &str) -> Result<(), TransferError> {
        match self.folder(name).and_then(|parent| remove_with_files(&parent, last(name))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.at(name)(error)),
            _ => Ok(()),
        }
    }
}

/// A new file `name`, in place of what lies there; never one that a link there leads to.
fn create_anew(folder: &RootDir, name: &str) -> io::Result<File> {
    match folder.remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => folder.make_file(name, 0o666),
    }
}

/// Removes the directory `name` and the files in it.
fn remove_with_files(parent: &RootDir, name: &str) -> io::Result<()> {
    let folder = parent.directory(name)?;
    for entry in folder.entries()? {
        folder.remove_file(entry?.file_name())?;
    }
    parent.remove_directory(name)
}

/// Copies to the end, telling which side failed.
fn copy(
    input: &mut dyn Read,
    output: &mut dyn Write,
    observer: &dyn Observer,
    reading: impl Fn(io::Error) -> TransferError,
    writing: impl Fn(io::Error) -> TransferError,
) -> Result<u64, TransferError> {
    let mut piece = vec![0; PIECE];
    let mut copied = 0;
    loop {
        observer.check_cancelled()?;
        let count = input.read(&mut piece).map_err(&reading)?;
        if count == 0 {
            return Ok(copied);
        }
        output.write_all(piece.get(..count).unwrap_or_default()).map_err(&writing)?;
        copied += count as u64;
        observer.advance(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::foundation::observer::NullObserver;

    #[test]
    fn links_and_pipes_of_a_server_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("precious"), "mine").unwrap();
        fs::write(at("spool"), "ciphertext").unwrap();
        symlink(at("precious"), at("sent.part")).unwrap();
        symlink(at("precious"), at("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        let server = LocalDirectory::open(directory.path()).unwrap();

        server.put(&at("spool"), "sent", &NullObserver::default()).unwrap();
        assert_eq!(fs::read(at("precious")).unwrap(), b"mine");
        assert_eq!(fs::read(at("sent")).unwrap(), b"ciphertext");
        for name in ["link", "pipe"] {
            assert!(server.get(name, 100, &mut Vec::new(), &NullObserver::default()).is_err(), "{name}");
        }
    }

    /// Whoever else can write to the server's directory may have put a link in the place of a folder.
    #[test]
    fn folders_that_are_links_lead_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("home/job")).unwrap();
        fs::write(at("home/job/totals"), "mine").unwrap();
        fs::write(at("spool"), "ciphertext").unwrap();
        fs::create_dir(at("server")).unwrap();
        symlink(at("home"), at("server/outbox")).unwrap();
        let server = LocalDirectory::open(&at("server")).unwrap();
        assert!(server.put(&at("spool"), "outbox/job/totals", &NullObserver::default()).is_err());
        assert!(server.put(&at("spool"), "outbox/new/totals", &NullObserver::default()).is_err());
        assert!(server.get("outbox/job/totals", 100, &mut Vec::new(), &NullObserver::default()).is_err());
        assert!(server.size("outbox/job/totals").is_err());
        assert!(server.remove_folder("outbox/job").is_err());
        symlink(at("home/job"), at("server/job")).unwrap();
        assert!(server.remove_folder("job").is_err());
        assert_eq!(fs::read(at("home/job/totals")).unwrap(), b"mine");
        assert!(!at("home/new").exists());
    }

    #[test]
    fn folders_come_with_their_files_and_go_with_them() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("spool"), "ciphertext").unwrap();
        let server = LocalDirectory::open(directory.path()).unwrap();
        assert_eq!(server.size("inbox/job/dataset").unwrap(), None);
        for _ in 0..2 {
            server.put(&at("spool"), "inbox/job/dataset", &NullObserver::default()).unwrap();
            assert_eq!(server.size("inbox/job/dataset").unwrap(), Some(10));
        }
        fs::write(at("inbox/job/more"), "").unwrap();
        for _ in 0..2 {
            server.remove_folder("inbox/job").unwrap();
            assert!(!at("inbox/job").exists() && at("inbox").exists());
        }
    }
}
