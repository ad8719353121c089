//! Commands that the control connection answers, and lists of names.

use std::io::Read;

use suppaftp::{FtpError, FtpResult, Status};

use super::super::deadline::CloseReason;
use super::super::error::TransferError;
use super::failure::reply_text;
use super::session::Session;

impl Session {
    /// Bytes of a file; `None` if there is none.
    pub(in crate::transfer) fn size(&mut self, name: &str) -> Result<Option<u64>, TransferError> {
        let size = self.step("asking for the size of a file", name, |ftp| match ftp.size(name) {
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(None),
            outcome => outcome.map(Some),
        })?;
        Ok(size.map(|size| size as u64))
    }

    /// Makes a folder; what the server says if it does not. Most say so if it is there; if it is not, what comes next will
    /// fail.
    pub(in crate::transfer) fn make_folder(&mut self, name: &str) -> Result<Option<String>, TransferError> {
        self.step("making a folder", name, |ftp| match ftp.mkdir(name) {
            Err(FtpError::UnexpectedResponse(reply)) if is_there(reply.status) => Ok(Some(reply_text(&reply))),
            outcome => outcome.map(|()| None),
        })
    }

    pub(in crate::transfer) fn rename(&mut self, from: &str, to: &str) -> Result<(), TransferError> {
        self.step("renaming a file", to, |ftp| ftp.rename(from, to))
    }

    /// Removes a file, if it is there.
    pub(in crate::transfer) fn remove_file(&mut self, name: &str) -> Result<(), TransferError> {
        self.step("removing a file", name, |ftp| gone(ftp.rm(name)))
    }

    /// Removes an empty folder, if it is there.
    pub(in crate::transfer) fn remove_folder(&mut self, name: &str) -> Result<(), TransferError> {
        self.step("removing a folder", name, |ftp| gone(ftp.rmdir(name)))
    }

    /// What the server answers to a command of its own; `None` if it does not know it.
    pub(in crate::transfer) fn ask(&mut self, command: &str) -> Result<Option<String>, TransferError> {
        let expected = [Status::CommandOk, Status::File];
        self.step("asking about the server", "", |ftp| match ftp.custom_command(command, &expected) {
            Err(FtpError::UnexpectedResponse(_)) => Ok(None),
            outcome => outcome.map(|reply| Some(reply_text(&reply))),
        })
    }

    /// Names in a folder, at most `limit` bytes of them.
    pub(in crate::transfer) fn names(&mut self, folder: &str, limit: u64) -> Result<Vec<String>, TransferError> {
        let doing = "listing a folder";
        let command = format!("NLST {folder}");
        let expected = [Status::AboutToSend, Status::AlreadyOpen];
        let opened = self.open_data(doing, folder, 0, |ftp| ftp.custom_data_command(&command, &expected));
        let mut stream = match opened {
            Ok((_, stream)) => stream,
            // An empty folder, or none, to some servers.
            Err(TransferError::Denied { .. } | TransferError::Busy { .. }) => {
                return Ok(Vec::new());
            }
            Err(failure) => return Err(failure),
        };
        let mut text = Vec::new();
        let read = (&mut stream).take(limit + 1).read_to_end(&mut text);
        if text.len() as u64 > limit {
            self.watch.close(CloseReason::Wanted);
            return Err(TransferError::TooLarge { place: format!("the list of {folder}"), limit });
        }
        self.watch.set_timeout(self.timeout);
        let finished = stream.finish();
        self.watch.keep(1);
        match finished {
            Ok(()) => {}
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => {}
            Err(error) => {
                return Err(self
                    .circumstances(doing, folder)
                    .explain(read.err().map_or(error, FtpError::ConnectionError)));
            }
        }
        let text = String::from_utf8_lossy(&text);
        let last_part = |line: &str| line.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(text.lines().map(last_part).filter(|name| !["", ".", ".."].contains(&name.as_str())).collect())
    }
}

fn gone(outcome: FtpResult<()>) -> FtpResult<()> {
    match outcome {
        Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => Ok(()),
        outcome => outcome,
    }
}

fn is_there(status: Status) -> bool {
    matches!(status, Status::FileUnavailable | Status::PageTypeUnknown | Status::BadFilename)
}
