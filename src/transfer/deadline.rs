//! Deadlines for network input and output. A [`Deadline`] is the time by which a peer must have made progress. Once it
//! has passed, the peer's sockets are shut down from another thread, which ends any blocked read, write or handshake.
//!
//! The FTP client and the FTP server use it for all connections. Progress extends a deadline: 4 KiB by a whole timeout,
//! fewer bytes by a part of it. Because sockets are shut down from outside, a deadline also holds inside a TLS
//! handshake, a partially written record, or a library that only calls `read`; and Ctrl-C ends a transfer that hangs.
//! On a server's control connection reading is shut down first, so that 421 can still be sent.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, SendFlags, recv, send};

/// How often deadlines are checked.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// Size of the buffers for file data, in the client and in the server.
pub(super) const TRANSFER_BUFFER_BYTES: usize = 1 << 17;

/// The bytes that a peer must transfer per timeout: single bytes must not keep a connection open for ever.
pub(super) const MIN_BYTES_PER_TIMEOUT: f64 = 4096.0;

/// How long the first socket stays writable after the others are shut down, for a reply that names the reason.
const FINAL_REPLY_GRACE: Duration = Duration::from_millis(250);

/// Why the sockets were shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The deadline has passed.
    Expired,
    /// This side closed the connection.
    Requested,
}

#[derive(Debug)]
struct State {
    expires_at: Instant,
    timeout: Duration,
    sockets: Vec<TcpStream>,
    last_progress: Instant,
    closed: Option<(CloseReason, Instant)>,
    /// Whether the first socket stays writable for [`FINAL_REPLY_GRACE`].
    allows_final_reply: bool,
}

/// The deadline of one peer, and the sockets connected to it.
#[derive(Debug)]
pub(super) struct Deadline(Mutex<State>);

impl Deadline {
    /// A deadline that expires after `timeout` unless there is progress.
    pub(super) fn new(timeout: Duration) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self(Mutex::new(State {
            expires_at: now + timeout,
            timeout,
            sockets: Vec::new(),
            last_progress: now,
            closed: None,
            allows_final_reply: false,
        })))
    }

    /// A deadline that expires after `time`; progress does not extend it until [`Deadline::set_timeout`] is called.
    pub(super) fn strict(time: Duration) -> Arc<Self> {
        let deadline = Self::new(time);
        deadline.state().timeout = Duration::ZERO;
        deadline
    }

    /// Lets the first socket be written to for [`FINAL_REPLY_GRACE`] after the connection is closed.
    pub(super) fn allow_final_reply(&self) {
        self.state().allows_final_reply = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies the deadline to another socket. The socket is shut down at once if the connection is closed already.
    pub(super) fn add(&self, socket: &TcpStream) -> io::Result<()> {
        let socket = socket.try_clone()?;
        let mut state = self.state();
        if state.closed.is_some() {
            shut_down(&socket);
        }
        state.sockets.push(socket);
        Ok(())
    }

    /// Drops all sockets except the first one, the control connection. Call it once the data connection has ended.
    pub(super) fn forget_data_sockets(&self) {
        self.state().sockets.truncate(1);
    }

    /// Shuts down all sockets except the first one, the control connection.
    pub(super) fn shut_down_data_sockets(&self) {
        self.state().sockets.iter().skip(1).for_each(shut_down);
    }

    /// Sets the timeout and restarts it.
    pub(super) fn set_timeout(&self, timeout: Duration) {
        let mut state = self.state();
        state.timeout = timeout;
        state.expires_at = Instant::now() + timeout;
    }

    /// Extends the deadline in proportion to `bytes`, to at most one timeout from now.
    pub(super) fn record_progress(&self, bytes: usize) {
        let mut state = self.state();
        state.last_progress = Instant::now();
        if state.timeout.is_zero() {
            return;
        }
        let extension = state.timeout.mul_f64((bytes as f64 / MIN_BYTES_PER_TIMEOUT).min(1.0));
        state.expires_at = (state.expires_at + extension).min(Instant::now() + state.timeout);
    }

    /// Returns the time since the last byte.
    pub(super) fn idle_time(&self) -> Duration {
        self.state().last_progress.elapsed()
    }

    /// Shuts down all sockets, so that blocked reads and writes return. The first reason given is kept.
    pub(super) fn close(&self, reason: CloseReason) {
        let mut state = self.state();
        let (_, since) = *state.closed.get_or_insert_with(|| (reason, Instant::now()));
        let writable = usize::from(state.allows_final_reply && since.elapsed() < FINAL_REPLY_GRACE);
        for socket in state.sockets.iter().take(writable) {
            let _ = socket.shutdown(Shutdown::Read);
        }
        state.sockets.iter().skip(writable).for_each(shut_down);
    }

    /// Closes the connection if the deadline has passed. Ends the grace period of a connection that is closed already.
    pub(super) fn tick(&self) {
        let is_due = {
            let state = self.state();
            state.closed.is_some() || state.expires_at < Instant::now()
        };
        if is_due {
            self.close(CloseReason::Expired);
        }
    }

    /// Returns why the connection was closed, or `None` if it is open.
    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.state().closed.map(|(reason, _)| reason)
    }
}

fn shut_down(socket: &TcpStream) {
    // It fails if the peer has disconnected, and then there is nothing left to do.
    let _ = socket.shutdown(Shutdown::Both);
}

/// A socket under a deadline, which its reads and writes may extend.
#[derive(Debug)]
pub(super) struct DeadlineSocket {
    socket: BufReader<TcpStream>,
    deadline: Arc<Deadline>,
    extends_deadline: bool,
    blocking: bool,
}

impl DeadlineSocket {
    pub(super) fn new(socket: TcpStream, deadline: Arc<Deadline>) -> Self {
        Self { socket: BufReader::with_capacity(0, socket), deadline, extends_deadline: true, blocking: true }
    }

    /// A socket for commands and replies, each of which must be complete in time: bytes do not extend the deadline.
    pub(super) fn strict(socket: TcpStream, deadline: Arc<Deadline>) -> Self {
        Self { extends_deadline: false, ..Self::new(socket, deadline) }
    }

    /// A socket for bulk data. rustls reads 4 KiB at a time; the buffer turns that into few large system calls.
    pub(super) fn reading_ahead(socket: TcpStream, deadline: Arc<Deadline>) -> Self {
        let socket = BufReader::with_capacity(TRANSFER_BUFFER_BYTES, socket);
        Self { socket, deadline, extends_deadline: true, blocking: true }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        self.socket.get_ref()
    }

    /// Sets whether reads and writes block. Those that do not block never extend the deadline.
    pub(super) fn set_blocking(&mut self, blocking: bool) {
        self.blocking = blocking;
    }

    /// Sets whether blocking reads and writes extend the deadline.
    pub(super) fn set_extends_deadline(&mut self, extends_deadline: bool) {
        self.extends_deadline = extends_deadline;
    }

    fn record_progress(&self, bytes: usize) {
        if self.extends_deadline {
            self.deadline.record_progress(bytes);
        }
    }
}

impl Read for DeadlineSocket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let buffered = self.socket.buffer().len();
        if !self.blocking && buffered == 0 {
            return Ok(recv(self.socket(), bytes, RecvFlags::DONTWAIT)?.0);
        }
        let count = self.socket.read(bytes)?;
        if buffered == 0 {
            self.record_progress(count + self.socket.buffer().len());
        }
        Ok(count)
    }
}

impl Write for DeadlineSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.blocking {
            return Ok(send(self.socket(), bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?);
        }
        let count = self.socket.get_mut().write(bytes)?;
        self.record_progress(count);
        Ok(count)
    }

    fn write_vectored(&mut self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        if !self.blocking {
            return self.write(buffers.iter().find(|buffer| !buffer.is_empty()).map_or(&[], |buffer| buffer));
        }
        let count = self.socket.get_mut().write_vectored(buffers)?;
        self.record_progress(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.get_mut().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn an_expired_deadline_ends_a_blocked_read() {
        let (mut near, _far) = pair();
        let deadline = Deadline::new(Duration::ZERO);
        deadline.add(&near).unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || near.read(&mut [0; 1]).unwrap_or(0));
            deadline.tick();
            assert_eq!(reader.join().unwrap(), 0);
        });
        assert_eq!(deadline.close_reason(), Some(CloseReason::Expired));
        let (mut later, _far) = pair();
        deadline.add(&later).unwrap();
        assert_eq!(later.read(&mut [0; 1]).unwrap_or(0), 0, "a socket added after the close is not shut down");
    }

    #[test]
    fn a_final_reply_can_be_written_during_the_grace_period() {
        let ((mut near, mut far), (mut data, _far_data)) = (pair(), pair());
        let deadline = Deadline::new(Duration::from_secs(10));
        deadline.allow_final_reply();
        deadline.add(&near).unwrap();
        deadline.add(&data).unwrap();
        deadline.close(CloseReason::Requested);
        assert_eq!((near.read(&mut [0; 1]).unwrap(), data.write(&[0]).is_err()), (0, true));
        near.write_all(b"421").unwrap();
        far.read_exact(&mut [0; 3]).unwrap();
        deadline.state().closed =
            Some((CloseReason::Requested, Instant::now().checked_sub(FINAL_REPLY_GRACE).unwrap()));
        deadline.tick();
        assert!(near.write(&[0]).is_err());
        assert_eq!((far.read(&mut [0; 1]).unwrap(), deadline.close_reason()), (0, Some(CloseReason::Requested)));
    }

    #[test]
    fn non_blocking_calls_do_not_extend_the_deadline() {
        let (near, mut far) = pair();
        let deadline = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::new(near, Arc::clone(&deadline));
        near.set_blocking(false);
        let expires_at = deadline.state().expires_at;
        assert_eq!(near.read(&mut [0; 9]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        near.write_all(b"NOOP").unwrap();
        far.read_exact(&mut [0; 4]).unwrap();
        while let Ok(count) = near.write_vectored(&[io::IoSlice::new(&[]), io::IoSlice::new(&[0; 1 << 16])]) {
            assert!(count > 0);
        }
        assert_eq!(deadline.state().expires_at, expires_at);
    }

    #[test]
    fn bytes_read_ahead_are_returned_and_counted_once() {
        let (near, mut far) = pair();
        let deadline = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::reading_ahead(near, Arc::clone(&deadline));
        far.write_all(&[7; 3]).unwrap();
        far.shutdown(Shutdown::Write).unwrap();
        let mut byte = [0];
        near.read_exact(&mut byte).unwrap();
        let expires_at = deadline.state().expires_at;
        let mut rest = Vec::new();
        Read::by_ref(&mut near).take(2).read_to_end(&mut rest).unwrap();
        assert_eq!((byte, rest, deadline.state().expires_at), ([7], vec![7; 2], expires_at));
        assert_eq!(near.read(&mut byte).unwrap(), 0);
    }

    #[test]
    fn bytes_on_a_strict_socket_do_not_extend_the_deadline() {
        let (near, mut far) = pair();
        let deadline = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::strict(near, Arc::clone(&deadline));
        let expires_at = deadline.state().expires_at;
        far.write_all(&[7; 9000]).unwrap();
        near.read_exact(&mut [0; 9000]).unwrap();
        near.write_all(&[7; 9000]).unwrap();
        assert_eq!(deadline.state().expires_at, expires_at);
    }

    #[test]
    fn single_bytes_extend_the_deadline_by_less_than_a_timeout() {
        let deadline = Deadline::new(Duration::from_secs(10));
        let left = || deadline.state().expires_at.saturating_duration_since(Instant::now());
        deadline.state().expires_at = Instant::now();
        deadline.record_progress(1);
        assert!(left() < Duration::from_secs(1));
        deadline.record_progress(1 << 20);
        assert!(left() > Duration::from_secs(9) && left() <= Duration::from_secs(10));
    }

    #[test]
    fn progress_does_not_extend_a_strict_deadline() {
        let deadline = Deadline::strict(Duration::from_secs(10));
        let expires_at = deadline.state().expires_at;
        deadline.record_progress(1 << 20);
        assert_eq!(deadline.state().expires_at, expires_at);
        deadline.set_timeout(Duration::from_secs(20));
        deadline.record_progress(1 << 20);
        assert!(deadline.state().expires_at > expires_at);
    }
}
