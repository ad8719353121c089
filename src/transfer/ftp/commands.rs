//! Commands that are answered on the control connection, and directory listings.

use std::io::Read;

use suppaftp::{FtpError, FtpResult, Status};

use super::super::deadline::CloseReason;
use super::super::error::TransferError;
use super::failure::reply_text;
use super::session::Session;

impl Session {
    /// Returns the size of a file, or `None` if it does not exist.
    pub(super) fn size(&mut self, path: &str) -> Result<Option<u64>, TransferError> {
        let size = self.step("querying the size of a file", path, |ftp| match ftp.size(path) {
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(None),
            outcome => outcome.map(Some),
        })?;
        Ok(size.map(|size| size as u64))
    }

    /// Creates a directory. Returns the server's reply if it refuses; most servers do if the directory exists already.
    /// If it does not exist, the next command in it fails.
    pub(super) fn create_directory(&mut self, path: &str) -> Result<Option<String>, TransferError> {
        self.step("creating a directory", path, |ftp| match ftp.mkdir(path) {
            Err(FtpError::UnexpectedResponse(reply)) if may_exist(reply.status) => Ok(Some(reply_text(&reply))),
            outcome => outcome.map(|()| None),
        })
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), TransferError> {
        self.step("renaming a file", to, |ftp| ftp.rename(from, to))
    }

    /// Removes a file. A missing file is not an error.
    pub(super) fn remove_file(&mut self, path: &str) -> Result<(), TransferError> {
        self.step("removing a file", path, |ftp| ignore_missing(ftp.rm(path)))
    }

    /// Removes an empty directory. A missing directory is not an error.
    pub(super) fn remove_directory(&mut self, path: &str) -> Result<(), TransferError> {
        self.step("removing a directory", path, |ftp| ignore_missing(ftp.rmdir(path)))
    }

    /// Returns the reply to an optional command, with its code, or `None` if the server refuses it.
    pub(super) fn query(&mut self, command: &str) -> Result<Option<String>, TransferError> {
        let expected = [Status::CommandOk, Status::File];
        self.step("querying the server", "", |ftp| match ftp.custom_command(command, &expected) {
            Err(FtpError::UnexpectedResponse(_)) => Ok(None),
            outcome => outcome.map(|reply| Some(reply_text(&reply))),
        })
    }

    /// Returns the names of the files in a directory. The listing may have at most `limit` bytes.
    pub(super) fn list(&mut self, directory: &str, limit: u64) -> Result<Vec<String>, TransferError> {
        let operation = "listing a directory";
        let command = format!("NLST {directory}");
        let expected = [Status::AboutToSend, Status::AlreadyOpen];
        let opened = self.open_data(operation, directory, 0, |ftp| ftp.custom_data_command(&command, &expected));
        let mut stream = match opened {
            Ok((_, stream)) => stream,
            // Some servers refuse to list an empty or missing directory.
            Err(TransferError::Denied { .. } | TransferError::Busy { .. }) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut listing = Vec::new();
        let read = (&mut stream).take(limit + 1).read_to_end(&mut listing);
        if listing.len() as u64 > limit {
            self.deadline.close(CloseReason::Requested);
            return Err(TransferError::TooLarge { path: format!("the list of {directory}"), limit });
        }
        self.deadline.set_timeout(self.timeout);
        let finished = stream.finish();
        self.deadline.keep_first(1);
        match finished {
            Ok(()) => {}
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => {}
            Err(error) => {
                let error = read.err().map_or(error, FtpError::ConnectionError);
                return Err(self.error_context(operation, directory).explain(error));
            }
        }
        Ok(file_names(&String::from_utf8_lossy(&listing)))
    }
}

/// Returns the names in a listing. Some servers list whole paths, and some list `.` and `..`.
fn file_names(listing: &str) -> Vec<String> {
    let names = listing.lines().map(|line| line.rsplit_once('/').map_or(line, |(_, name)| name));
    names.filter(|name| !["", ".", ".."].contains(name)).map(str::to_owned).collect()
}

fn ignore_missing(outcome: FtpResult<()>) -> FtpResult<()> {
    match outcome {
        Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(()),
        outcome => outcome,
    }
}

/// Whether a server may refuse MKD with this status because the directory exists.
fn may_exist(status: Status) -> bool {
    matches!(status, Status::FileUnavailable | Status::PageTypeUnknown | Status::BadFilename)
}
