//! Commands that need no data connection.

use suppaftp::{FtpError, FtpResult, Status};

use super::super::error::TransferError;
use super::error_mapping::reply_text;
use super::session::Session;

impl Session {
    /// Returns the size of a file. Returns `None` if the server replies 550: the file does not exist or cannot be
    /// accessed; FTP does not tell which.
    pub(super) fn size(&mut self, path: &str) -> Result<Option<u64>, TransferError> {
        let size = self.step("querying the size of a file", path, |ftp| match ftp.size(path) {
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(None),
            outcome => outcome.map(Some),
        })?;
        Ok(size.map(|size| size as u64))
    }

    /// Creates a directory. Returns `None` if it was created, or the server's reply if that may mean that it exists
    /// already (550, 551 or 553). If it does not exist, the next command in it fails.
    pub(super) fn create_directory(&mut self, path: &str) -> Result<Option<String>, TransferError> {
        self.step("creating a directory", path, |ftp| match ftp.mkdir(path) {
            Err(FtpError::UnexpectedResponse(reply)) if may_mean_exists(reply.status) => Ok(Some(reply_text(&reply))),
            outcome => outcome.map(|()| None),
        })
    }

    /// Renames a file; an error names only its new path.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), TransferError> {
        self.step("renaming a file", to, |ftp| ftp.rename(from, to))
    }

    /// Removes a file. The reply 550 is ignored: it may mean that the file does not exist or that the server refuses,
    /// so success does not prove that the file is gone.
    pub(super) fn remove_file(&mut self, path: &str) -> Result<(), TransferError> {
        self.step("removing a file", path, |ftp| ignore_550(ftp.rm(path)))
    }

    /// Removes an empty directory. The reply 550 is ignored as in [`Session::remove_file`].
    pub(super) fn remove_directory(&mut self, path: &str) -> Result<(), TransferError> {
        self.step("removing a directory", path, |ftp| ignore_550(ftp.rmdir(path)))
    }

    /// Returns the reply to an optional command, with its code, or `None` if the code is neither 200 nor 213.
    pub(super) fn query(&mut self, command: &str) -> Result<Option<String>, TransferError> {
        let expected = [Status::CommandOk, Status::File];
        self.step("querying the server", "", |ftp| match ftp.custom_command(command, &expected) {
            Err(FtpError::UnexpectedResponse(_)) => Ok(None),
            outcome => outcome.map(|reply| Some(reply_text(&reply))),
        })
    }
}

fn ignore_550(outcome: FtpResult<()>) -> FtpResult<()> {
    match outcome {
        Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(()),
        outcome => outcome,
    }
}

/// Whether a server may refuse MKD with this status because the directory exists.
fn may_mean_exists(status: Status) -> bool {
    matches!(status, Status::FileUnavailable | Status::PageTypeUnknown | Status::BadFilename)
}
