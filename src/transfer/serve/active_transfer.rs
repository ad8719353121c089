//! What a client may say while its transfer goes on (RFC 959, sections 4.1.3 and 5.4): ABOR ends the transfer, NOOP and STAT are
//! answered at once. Everything else waits until the transfer is over, in the order in which it was said; so do NOOP and STAT
//! behind it.

use std::io::PipeReader;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::deadline::TICK;
use super::control::ReadAhead;
use super::session::Session;
use super::virtual_path::VirtualPath;

/// A transfer, as the thread that moves its bytes and the one that listens to the client see it.
pub(super) struct ActiveTransfer<'t> {
    verb: &'t str,
    place: &'t VirtualPath,
    has_begun: AtomicBool,
    moved: AtomicU64,
    aborted: AtomicBool,
}

impl<'t> ActiveTransfer<'t> {
    pub(super) fn new(verb: &'t str, place: &'t VirtualPath) -> Self {
        Self { verb, place, has_begun: false.into(), moved: 0.into(), aborted: false.into() }
    }

    /// The data connection is there.
    pub(super) fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// So many bytes more have been moved.
    pub(super) fn advance(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::SeqCst)
    }

    fn status(&self) -> String {
        let Self { verb, place, .. } = self;
        if self.has_begun.load(Ordering::Relaxed) {
            format!("{verb} {place}: {} bytes transferred.", self.moved())
        } else {
            format!("{verb} {place}: waiting for the data connection.")
        }
    }
}

impl Session<'_> {
    /// Listens to the client until the other end of `ended` is closed.
    pub(super) fn handle_input_until(&mut self, ended: &PipeReader, ongoing: &ActiveTransfer<'_>) {
        loop {
            let more_may_come = self.handle_input(ongoing);
            let mut waited_for = [PollFd::new(ended, PollFlags::IN), PollFd::new(self.control.socket(), PollFlags::IN)];
            let count = if more_may_come { 2 } else { 1 };
            let outcome = poll(waited_for.get_mut(..count).unwrap_or_default(), None);
            let [end, _] = &waited_for;
            if outcome.is_ok() && !end.revents().is_empty() {
                return;
            }
        }
    }

    /// Waits until somebody connects or the client says something, but not longer than a tick.
    pub(super) fn poll_listener_and_control(&self, listener: &TcpListener, more_may_come: bool) {
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        let mut waited_for = [PollFd::new(listener, PollFlags::IN), PollFd::new(self.control.socket(), PollFlags::IN)];
        let count = if more_may_come { 2 } else { 1 };
        // What there is will be looked at in any case.
        let _woken = poll(waited_for.get_mut(..count).unwrap_or_default(), Some(&tick));
    }

    /// Does what the client has said so far if it is for now; whether it may say more.
    pub(super) fn handle_input(&mut self, ongoing: &ActiveTransfer<'_>) -> bool {
        loop {
            let heard = self.control.read_ahead();
            if self.control.has("ABOR") && !ongoing.aborted.swap(true, Ordering::SeqCst) {
                self.connection.deadline.shut_down_after(1);
            }
            let mut answered = false;
            while let Some(verb) = self.control.take_command(&["NOOP", "STAT"]) {
                let reply = match verb {
                    "NOOP" => self.control.reply_during_transfer(200, "NOOP command successful."),
                    _ => self.control.reply_during_transfer(211, &ongoing.status()),
                };
                if reply.is_err() {
                    return false;
                }
                answered = true;
            }
            match heard {
                // A client that goes away without a word has ended its data connection, too, or is late there. What it sent
                // before is kept: it may come back for the rest.
                ReadAhead::Closed => return false,
                ReadAhead::Drained | ReadAhead::BufferFull if !answered => return heard == ReadAhead::Drained,
                // There is room again, or what has come meanwhile is for now, too.
                ReadAhead::Drained | ReadAhead::BufferFull => {}
            }
        }
    }
}
