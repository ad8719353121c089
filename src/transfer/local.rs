//! A directory as the server: both sides on one machine, or on one shared disk.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Server;
use super::error::TransferError;
use crate::foundation::observer::Observer;
use crate::foundation::regular;

/// Bytes copied between two questions whether to go on.
const PIECE: usize = 1 << 20;

/// A server that is a directory.
#[derive(Debug)]
pub struct LocalDirectory {
    root: PathBuf,
}

impl LocalDirectory {
    /// The existing directory `root`.
    ///
    /// # Errors
    /// [`TransferError::Unreachable`] if there is none.
    pub fn open(root: &Path) -> Result<Self, TransferError> {
        let unreachable =
            |source| TransferError::Unreachable { location: format!("file://{}", root.display()), source };
        if fs::metadata(root).map_err(unreachable)?.is_dir() {
            return Ok(Self { root: root.into() });
        }
        Err(unreachable(io::ErrorKind::NotADirectory.into()))
    }

    fn place(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Server for LocalDirectory {
    fn put(&self, local: &Path, name: &str, observer: &dyn Observer) -> Result<(), TransferError> {
        let place = self.place(name);
        let part = self.place(&format!("{name}.part"));
        let at_server = |source| TransferError::at_server(&place, source);
        let here = |source| TransferError::Local { place: local.display().to_string(), source };
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(at_server)?;
        }
        let mut input = File::open(local).map_err(here)?;
        let mut output = create_anew(&part).map_err(at_server)?;
        copy(&mut input, &mut output, observer, here, at_server)?;
        output.sync_all().map_err(at_server)?;
        let found = output.metadata().map_err(at_server)?.len();
        let sent = input.metadata().map_err(here)?.len();
        if found != sent {
            return Err(TransferError::Incomplete { place: place.display().to_string(), found, sent });
        }
        fs::rename(&part, &place).map_err(at_server)?;
        sync_folder(&place).map_err(at_server)
    }

    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: &dyn Observer,
    ) -> Result<u64, TransferError> {
        let place = self.place(name);
        let at_server = |source| TransferError::at_server(&place, source);
        let here = |source| TransferError::Local { place: "the downloaded copy".into(), source };
        let input = regular::open(&place).map_err(at_server)?;
        let copied = copy(&mut input.take(limit + 1), output, observer, at_server, here)?;
        if copied > limit {
            return Err(TransferError::TooLarge { place: place.display().to_string(), limit });
        }
        Ok(copied)
    }

    fn size(&self, name: &str) -> Result<Option<u64>, TransferError> {
        match fs::metadata(self.place(name)) {
            Ok(meta) => Ok(Some(meta.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(TransferError::at_server(&self.place(name), error)),
        }
    }

    fn remove_folder(&self, name: &str) -> Result<(), TransferError> {
        match fs::remove_dir_all(self.place(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(TransferError::at_server(&self.place(name), error))
            }
            _ => Ok(()),
        }
    }
}

/// A new file at `place`, in place of what lies there; never one that a link there leads to.
fn create_anew(place: &Path) -> io::Result<File> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::create_new(place),
    }
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
        observer.go_on()?;
        let count = input.read(&mut piece).map_err(&reading)?;
        if count == 0 {
            return Ok(copied);
        }
        output.write_all(piece.get(..count).unwrap_or_default()).map_err(&writing)?;
        copied += count as u64;
        observer.advance(count as u64);
    }
}

fn sync_folder(place: &Path) -> io::Result<()> {
    place.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::foundation::observer::Silent;

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

        server.put(&at("spool"), "sent", &Silent::default()).unwrap();
        assert_eq!(fs::read(at("precious")).unwrap(), b"mine");
        assert_eq!(fs::read(at("sent")).unwrap(), b"ciphertext");
        for name in ["link", "pipe"] {
            assert!(server.get(name, 100, &mut Vec::new(), &Silent::default()).is_err(), "{name}");
        }
    }
}
