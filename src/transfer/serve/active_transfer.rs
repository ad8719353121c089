//! Commands during a transfer (RFC 959, sections 4.1.3 and 5.4): ABOR ends it, NOOP and STAT are answered at once. Any
//! other command, and everything after it, waits until the transfer has ended.

use std::io::PipeReader;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::deadline::TICK;
use super::client_session::ClientSession;
use super::control::ReadAhead;
use super::virtual_path::VirtualPath;

/// The state of a transfer, shared by the thread that moves its bytes and the one that reads the client's commands.
pub(super) struct ActiveTransfer<'t> {
    verb: &'t str,
    path: &'t VirtualPath,
    is_connected: AtomicBool,
    bytes: AtomicU64,
    aborted: AtomicBool,
}

impl<'t> ActiveTransfer<'t> {
    pub(super) fn new(verb: &'t str, path: &'t VirtualPath) -> Self {
        Self { verb, path, is_connected: false.into(), bytes: 0.into(), aborted: false.into() }
    }

    /// Records that the data connection is established.
    pub(super) fn begin(&self) {
        self.is_connected.store(true, Ordering::Relaxed);
    }

    /// Records that `bytes` more bytes have been transferred.
    pub(super) fn advance(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the number of bytes transferred so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns whether the client has sent ABOR.
    pub(super) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::SeqCst)
    }

    fn status(&self) -> String {
        let Self { verb, path, .. } = self;
        if self.is_connected.load(Ordering::Relaxed) {
            format!("{verb} {path}: {} bytes transferred.", self.bytes())
        } else {
            format!("{verb} {path}: waiting for the data connection.")
        }
    }
}

impl ClientSession<'_> {
    /// Handles input until the other end of `finished` is closed.
    pub(super) fn handle_input_until(&mut self, finished: &PipeReader, active: &ActiveTransfer<'_>) {
        loop {
            let can_read_more = self.handle_input(active);
            let mut sources = [PollFd::new(finished, PollFlags::IN), PollFd::new(self.control.socket(), PollFlags::IN)];
            let outcome = poll(watched(&mut sources, can_read_more), None);
            let [finished, _] = &sources;
            if outcome.is_ok() && !finished.revents().is_empty() {
                return;
            }
        }
    }

    /// Waits for a connection or a command, at most one tick.
    pub(super) fn poll_listener_and_control(&self, listener: &TcpListener, can_read_more: bool) {
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        let mut sources = [PollFd::new(listener, PollFlags::IN), PollFd::new(self.control.socket(), PollFlags::IN)];
        // The caller checks both sources in any case.
        let _ = poll(watched(&mut sources, can_read_more), Some(&tick));
    }

    /// Handles the commands received so far that need not wait. Returns whether more can be read from the client now.
    pub(super) fn handle_input(&mut self, active: &ActiveTransfer<'_>) -> bool {
        loop {
            let read_ahead = self.control.read_ahead();
            if self.control.has_received("ABOR") && !active.aborted.swap(true, Ordering::SeqCst) {
                self.connection.deadline.shut_down_data_sockets();
            }
            let mut has_replied = false;
            while let Some(verb) = self.control.take_command(&["NOOP", "STAT"]) {
                let reply = match verb {
                    "NOOP" => self.control.reply_during_transfer(200, "NOOP command successful."),
                    _ => self.control.reply_during_transfer(211, &active.status()),
                };
                if reply.is_err() {
                    return false;
                }
                has_replied = true;
            }
            match read_ahead {
                // The transfer continues. If the client is gone, its data connection ends or times out, too. The data
                // received so far is kept, so that the client can resume the upload.
                ReadAhead::Closed => return false,
                ReadAhead::Drained | ReadAhead::BufferFull if !has_replied => return read_ahead == ReadAhead::Drained,
                // The replies made space in the buffer, or took time in which more commands may have arrived.
                ReadAhead::Drained | ReadAhead::BufferFull => {}
            }
        }
    }
}

/// The sources to poll: the first one, and the second if the client may send more.
fn watched<'p, 'fd>(sources: &'p mut [PollFd<'fd>; 2], can_read_more: bool) -> &'p mut [PollFd<'fd>] {
    &mut sources[..if can_read_more { 2 } else { 1 }]
}
