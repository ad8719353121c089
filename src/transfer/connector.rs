//! Opens the store at a server's address.

use super::error::TransferError;
use super::location::{FtpAddress, Location};
use super::{ConnectParameters, FtpClient, Greeting, RemoteStore, local};
use crate::foundation::observer::Observer;

/// Connects to servers.
#[derive(Default)]
pub struct Connector {
    parameters: ConnectParameters,
}

impl Connector {
    /// A connector that uses `parameters` for FTP servers.
    pub fn new(parameters: ConnectParameters) -> Self {
        Self { parameters }
    }

    /// Opens the server at `location`.
    ///
    /// # Errors
    /// [`TransferError`] if the directory cannot be opened; for FTP servers as [`Connector::connect_ftp`].
    pub fn connect<'c>(
        &'c self,
        location: &Location,
        observer: Observer<'c>,
    ) -> Result<Box<dyn RemoteStore + 'c>, TransferError> {
        Ok(match location {
            Location::Directory(path) => Box::new(local::LocalDirectory::open(path)?),
            Location::Ftp(address) => Box::new(self.connect_ftp(address, observer)?),
        })
    }

    /// Connects to the FTP server at `address` and logs in.
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be reached, its certificate is not accepted, there is no password, or the
    /// login is refused.
    pub fn connect_ftp<'c>(
        &'c self,
        address: &FtpAddress,
        observer: Observer<'c>,
    ) -> Result<FtpClient<'c>, TransferError> {
        FtpClient::connect(&self.parameters, address, observer)
    }

    /// Connects to the FTP server at `address` without logging in.
    ///
    /// # Errors
    /// [`TransferError`] if the server cannot be reached or its certificate is not accepted.
    pub fn greet(&self, address: &FtpAddress, observer: Observer<'_>) -> Result<Greeting, TransferError> {
        FtpClient::greet(&self.parameters, address, observer)
    }
}
