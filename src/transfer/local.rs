//! A directory that client and server share, on one machine or on a network disk.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::RemoteStore;
use super::error::TransferError;
use crate::foundation::fs::if_exists;
use crate::foundation::observer::Observer;
use crate::foundation::root_dir::RootDir;

/// Size of the copy buffer; cancellation is checked once per buffer.
const COPY_BUFFER_BYTES: usize = 1 << 20;

/// A directory as the server. Other users may be able to write to it, so symbolic links below it are not followed.
#[derive(Debug)]
pub struct LocalDirectory {
    path: PathBuf,
    root: RootDir,
}

impl LocalDirectory {
    /// Opens the existing directory at `path`.
    ///
    /// # Errors
    /// [`TransferError::Denied`] if it may not be read, [`TransferError::Unreachable`] if it cannot be opened
    /// otherwise.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied => TransferError::at_server(path, source),
            _ => TransferError::Unreachable { location: format!("file://{}", path.display()), source },
        };
        Ok(Self { path: path.into(), root: RootDir::open(path).map_err(failed)? })
    }

    /// For `map_err`: an error of the file or directory `name`.
    fn at_server(&self, name: &str) -> impl Fn(io::Error) -> TransferError + use<> {
        let path = self.path.join(name);
        move |source| TransferError::at_server(&path, source)
    }

    /// Opens the directory that contains `name`, and creates it if it does not exist.
    fn create_parent(&self, name: &str) -> io::Result<RootDir> {
        directories(name).try_fold(self.root.try_clone()?, |directory, name| directory.directory_or_new(name))
    }

    /// Opens the directory that contains `name`.
    fn parent(&self, name: &str) -> io::Result<RootDir> {
        self.root.descend(&directories(name).collect::<Vec<_>>())
    }
}

/// Returns the components of `name` before the last one.
fn directories(name: &str) -> impl Iterator<Item = &str> {
    name.rsplit_once('/').into_iter().flat_map(|(directories, _)| directories.split('/'))
}

/// Returns the last component of `name`.
fn file_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

impl RemoteStore for LocalDirectory {
    fn put(&self, local: &Path, name: &str, observer: Observer<'_>) -> Result<(), TransferError> {
        let part = format!("{}.part", file_name(name));
        let at_server = self.at_server(name);
        let at_client = TransferError::local(local);
        let directory = self.create_parent(name).map_err(&at_server)?;
        let mut input = File::open(local).map_err(&at_client)?;
        let mut output = create_anew(&directory, &part).map_err(&at_server)?;
        copy(&mut input, &mut output, observer, &at_client, &at_server)?;
        output.sync_all().map_err(&at_server)?;
        let found = output.metadata().map_err(&at_server)?.len();
        let sent = input.metadata().map_err(&at_client)?.len();
        if found != sent {
            return Err(TransferError::Incomplete { path: self.path.join(name).display().to_string(), found, sent });
        }
        let renamed = directory.replace(part.as_str(), &directory, file_name(name));
        renamed.and_then(|()| directory.sync()).map_err(at_server)
    }

    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: Observer<'_>,
    ) -> Result<u64, TransferError> {
        let at_server = self.at_server(name);
        let at_client = |source| TransferError::Local { file: "the downloaded copy".into(), source };
        let input = self.parent(name).and_then(|directory| directory.read(file_name(name))).map_err(&at_server)?;
        let copied = copy(&mut input.take(limit + 1), output, observer, at_server, at_client)?;
        if copied > limit {
            return Err(TransferError::TooLarge { path: self.path.join(name).display().to_string(), limit });
        }
        Ok(copied)
    }

    fn size(&self, name: &str) -> Result<Option<u64>, TransferError> {
        let entry = if_exists(self.parent(name).and_then(|directory| directory.entry(file_name(name))));
        Ok(entry.map_err(self.at_server(name))?.map(|entry| entry.bytes))
    }

    fn remove_directory(&self, name: &str) -> Result<(), TransferError> {
        let removed = self.parent(name).and_then(|parent| parent.remove_with_files(file_name(name)));
        if_exists(removed).map(drop).map_err(self.at_server(name))
    }
}

/// Creates the file `name` after removing what is there, so that a link planted under that name is not followed.
fn create_anew(directory: &RootDir, name: &str) -> io::Result<File> {
    if_exists(directory.remove_file(name))?;
    directory.make_file(name, 0o666)
}

/// Copies `input` to its end and returns the number of bytes. The closures convert the errors of the two sides.
fn copy(
    input: &mut dyn Read,
    output: &mut dyn Write,
    observer: Observer<'_>,
    read_error: impl Fn(io::Error) -> TransferError,
    write_error: impl Fn(io::Error) -> TransferError,
) -> Result<u64, TransferError> {
    let mut buffer = vec![0; COPY_BUFFER_BYTES];
    let mut copied = 0;
    loop {
        observer.check_cancelled()?;
        let count = input.read(&mut buffer).map_err(&read_error)?;
        if count == 0 {
            return Ok(copied);
        }
        output.write_all(&buffer[..count]).map_err(&write_error)?;
        copied += count as u64;
        observer.advance(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::foundation::observer::Observer;

    #[test]
    fn links_and_pipes_on_the_server_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("precious"), "mine").unwrap();
        fs::write(at("spool"), "ciphertext").unwrap();
        symlink(at("precious"), at("sent.part")).unwrap();
        symlink(at("precious"), at("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        let server = LocalDirectory::open(directory.path()).unwrap();

        server.put(&at("spool"), "sent", Observer::null()).unwrap();
        assert_eq!(fs::read(at("precious")).unwrap(), b"mine");
        assert_eq!(fs::read(at("sent")).unwrap(), b"ciphertext");
        for name in ["link", "pipe"] {
            assert!(server.get(name, 100, &mut Vec::new(), Observer::null()).is_err(), "{name}");
        }
    }

    /// Another user who can write to the server's directory may have replaced a directory by a link.
    #[test]
    fn directories_that_are_links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("home/job")).unwrap();
        fs::write(at("home/job/totals"), "mine").unwrap();
        fs::write(at("spool"), "ciphertext").unwrap();
        fs::create_dir(at("server")).unwrap();
        symlink(at("home"), at("server/outbox")).unwrap();
        let server = LocalDirectory::open(&at("server")).unwrap();
        assert!(server.put(&at("spool"), "outbox/job/totals", Observer::null()).is_err());
        assert!(server.put(&at("spool"), "outbox/new/totals", Observer::null()).is_err());
        assert!(server.get("outbox/job/totals", 100, &mut Vec::new(), Observer::null()).is_err());
        assert!(server.size("outbox/job/totals").is_err());
        assert!(server.remove_directory("outbox/job").is_err());
        symlink(at("home/job"), at("server/job")).unwrap();
        assert!(server.remove_directory("job").is_err());
        assert_eq!(fs::read(at("home/job/totals")).unwrap(), b"mine");
        assert!(!at("home/new").exists());
    }

    #[test]
    fn directories_are_created_and_removed_with_their_files() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("spool"), "ciphertext").unwrap();
        let server = LocalDirectory::open(directory.path()).unwrap();
        assert_eq!(server.size("inbox/job/dataset").unwrap(), None);
        for _ in 0..2 {
            server.put(&at("spool"), "inbox/job/dataset", Observer::null()).unwrap();
            assert_eq!(server.size("inbox/job/dataset").unwrap(), Some(10));
        }
        fs::write(at("inbox/job/more"), "").unwrap();
        for _ in 0..2 {
            server.remove_directory("inbox/job").unwrap();
            assert!(!at("inbox/job").exists() && at("inbox").exists());
        }
    }
}
