//! Moves named bytes between the client and a server. Opens none of them.

pub mod error;
pub mod local;
pub mod location;

use std::io::Write;
use std::path::Path;

pub use error::TransferError;
pub use location::Location;

use crate::foundation::observer::Observer;

/// A place that keeps files for the client, by names such as `inbox/<job>/dataset.hes`.
pub trait Server {
    /// Uploads `local` under `name`. The name exists only when all bytes are there and on disk.
    ///
    /// # Errors
    /// [`TransferError`]; what was sent so far may remain under another name and is replaced next time.
    fn put(&self, local: &Path, name: &str, observer: &dyn Observer) -> Result<(), TransferError>;

    /// Copies at most `limit` bytes of the file `name` to `output`; returns how many there were.
    ///
    /// # Errors
    /// [`TransferError::TooLarge`] if there are more, and others.
    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: &dyn Observer,
    ) -> Result<u64, TransferError>;

    /// Bytes of the file `name`; `None` if there is none.
    ///
    /// # Errors
    /// [`TransferError`] if that cannot be known.
    fn size(&self, name: &str) -> Result<Option<u64>, TransferError>;

    /// Removes the folder `name` with the files in it; one that is not there is no error.
    ///
    /// # Errors
    /// [`TransferError`].
    fn remove_folder(&self, name: &str) -> Result<(), TransferError>;
}

/// The server at `location`.
///
/// # Errors
/// [`TransferError::Unreachable`].
pub fn connect(location: &Location) -> Result<Box<dyn Server>, TransferError> {
    match location {
        Location::Directory(path) => Ok(Box::new(local::LocalDirectory::open(path)?)),
    }
}
