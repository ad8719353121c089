//! Moves named bytes between the client and a server. Opens none of them.

pub mod connector;
mod deadline;
pub mod error;
pub mod ftp;
pub mod local;
pub mod location;
pub mod serve;
mod tls;

use std::io::Write;
use std::path::Path;

pub use connector::Connector;
pub use error::TransferError;
pub use ftp::client::FtpClient;
pub use ftp::session::Greeting;
pub use ftp::trust::ServerTrust;
pub use location::{FtpAddress, Location};
pub use tls::{is_certificate_for, is_server_name};

use crate::foundation::observer::Observer;

/// A place that keeps files for the client, by names such as `inbox/<job>/dataset.hes`.
pub trait RemoteStore {
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
