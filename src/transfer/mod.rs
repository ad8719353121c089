//! Stores and retrieves files on a server, which is a shared directory or an FTP server. Contents are opaque bytes
//! here.

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
pub use ftp::greeting::Greeting;
pub use ftp::parameters::ConnectParameters;
pub use ftp::trust::ServerTrust;
pub use location::{FtpAddress, Location};
pub use tls::{is_certificate_for, is_server_name};

use crate::foundation::observer::Observer;

/// Files on a server, with names such as `inbox/<job>/dataset.hes`.
pub trait RemoteStore {
    /// Uploads the file `local` as `name`. The name exists only once all bytes are on the server's disk.
    ///
    /// # Errors
    /// [`TransferError`] if `local` cannot be read or the server does not store it. The bytes sent so far may stay on
    /// the server under a temporary name; the next upload resumes or replaces them.
    fn put(&self, local: &Path, name: &str, observer: Observer<'_>) -> Result<(), TransferError>;

    /// Copies the file `name` to `output` and returns its size. At most `limit` bytes are copied.
    ///
    /// # Errors
    /// [`TransferError::TooLarge`] if the file is larger than `limit`; other variants if the file cannot be read or
    /// `output` cannot be written.
    fn get(&self, name: &str, limit: u64, output: &mut dyn Write, observer: Observer<'_>)
    -> Result<u64, TransferError>;

    /// Returns the size of the file `name`, or `None` if it does not exist. An FTP server gives the same reply, 550, if
    /// it refuses access; this returns `None`, too.
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be queried, or reports another error.
    fn size(&self, name: &str) -> Result<Option<u64>, TransferError>;

    /// Removes the directory `name` and the files in it. A missing directory is not an error. An FTP server gives the
    /// same reply, 550, if it refuses, so a caller that must know checks the files with [`RemoteStore::size`]
    /// afterwards.
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be queried, or reports another error.
    fn remove_directory(&self, name: &str) -> Result<(), TransferError>;
}
