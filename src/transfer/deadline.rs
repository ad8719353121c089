//! A deadline on everything that waits for a peer: whoever holds a connection says by when something must have happened,
//! and sockets that are late are shut from outside, in whatever read, write or handshake they hang.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, SendFlags, recv, send};

/// How often deadlines are looked at.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// Bytes of a file that are handled at a time, on both sides.
pub(super) const PIECE: usize = 1 << 17;

/// A peer must move this many bytes in each timeout; so a byte now and then does not hold a connection for ever.
pub(super) const LEAST_BYTES: f64 = 4096.0;

/// How long after a cut the first socket can still be written to, if its owner wants to say why.
const FINAL_REPLY_GRACE: Duration = Duration::from_millis(250);

/// Why sockets were shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The deadline passed.
    Late,
    /// Somebody wanted an end.
    Wanted,
}

#[derive(Debug)]
struct State {
    deadline: Instant,
    timeout: Duration,
    sockets: Vec<TcpStream>,
    last_moved: Instant,
    cut: Option<(CloseReason, Instant)>,
    /// Whether the first socket is shut for reading first, and for writing after [`FINAL_REPLY_GRACE`] only.
    last_words: bool,
}

/// The deadline of one peer, and the sockets that lead to it.
#[derive(Debug)]
pub(super) struct Deadline(Mutex<State>);

impl Deadline {
    /// The first thing must happen within `timeout`.
    pub(super) fn new(timeout: Duration) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self(Mutex::new(State {
            deadline: now + timeout,
            timeout,
            sockets: Vec::new(),
            last_moved: now,
            cut: None,
            last_words: false,
        })))
    }

    /// Until more is allowed, there is this much time and no more, whatever moves.
    pub(super) fn strict(time: Duration) -> Arc<Self> {
        let watch = Self::new(time);
        watch.state().timeout = Duration::ZERO;
        watch
    }

    /// When everything is shut, whoever holds the first socket has a moment to write why.
    pub(super) fn allow_final_reply(&self) {
        self.state().last_words = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches over this socket too.
    pub(super) fn add(&self, socket: &TcpStream) -> io::Result<()> {
        let socket = socket.try_clone()?;
        let mut state = self.state();
        if state.cut.is_some() {
            shut(&socket);
        }
        state.sockets.push(socket);
        Ok(())
    }

    /// Watches over the first `count` sockets only: the others have been closed.
    pub(super) fn keep(&self, count: usize) {
        self.state().sockets.truncate(count);
    }

    /// Shuts all sockets but the first `count`.
    pub(super) fn shut_after(&self, count: usize) {
        self.state().sockets.iter().skip(count).for_each(shut);
    }

    /// From now on, the next thing must happen within `timeout`.
    pub(super) fn set_timeout(&self, timeout: Duration) {
        let mut state = self.state();
        state.timeout = timeout;
        state.deadline = Instant::now() + timeout;
    }

    /// Some bytes have moved: as much more time as they earn, but no more than one timeout from now.
    pub(super) fn record_progress(&self, bytes: usize) {
        let mut state = self.state();
        state.last_moved = Instant::now();
        if state.timeout.is_zero() {
            return;
        }
        let earned = state.timeout.mul_f64((bytes as f64 / LEAST_BYTES).min(1.0));
        state.deadline = (state.deadline + earned).min(Instant::now() + state.timeout);
    }

    /// For how long no byte has moved.
    pub(super) fn idle_time(&self) -> Duration {
        self.state().last_moved.elapsed()
    }

    /// Shuts everything; whoever waits there gets an error or an end.
    pub(super) fn close(&self, why: CloseReason) {
        let mut state = self.state();
        let (_, since) = *state.cut.get_or_insert_with(|| (why, Instant::now()));
        let spared = usize::from(state.last_words && since.elapsed() < FINAL_REPLY_GRACE);
        state.sockets.iter().take(spared).for_each(|socket| drop(socket.shutdown(Shutdown::Read)));
        state.sockets.iter().skip(spared).for_each(shut);
    }

    /// Shuts everything if the deadline has passed, and for good if that was done before.
    pub(super) fn tick(&self) {
        let is_due = {
            let state = self.state();
            state.cut.is_some() || state.deadline < Instant::now()
        };
        if is_due {
            self.close(CloseReason::Late);
        }
    }

    /// Why everything was shut, if it was.
    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.state().cut.map(|(why, _)| why)
    }
}

fn shut(socket: &TcpStream) {
    // It may be shut already.
    drop(socket.shutdown(Shutdown::Both));
}

/// A socket whose bytes may earn time.
#[derive(Debug)]
pub(super) struct DeadlineSocket {
    socket: BufReader<TcpStream>,
    watch: Arc<Deadline>,
    earns: bool,
    waits: bool,
}

impl DeadlineSocket {
    pub(super) fn new(socket: TcpStream, watch: Arc<Deadline>) -> Self {
        Self { socket: BufReader::with_capacity(0, socket), watch, earns: true, waits: true }
    }

    /// A socket for words, which must come in time as a whole.
    pub(super) fn strict(socket: TcpStream, watch: Arc<Deadline>) -> Self {
        Self { earns: false, ..Self::new(socket, watch) }
    }

    /// A socket for much data: rustls asks for 4 KiB at a time, the kernel is asked for more.
    pub(super) fn reading_ahead(socket: TcpStream, watch: Arc<Deadline>) -> Self {
        Self { socket: BufReader::with_capacity(PIECE, socket), watch, earns: true, waits: true }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        self.socket.get_ref()
    }

    /// Whether reads and writes wait until something moves. Those that do not wait earn nothing.
    pub(super) fn set_waiting(&mut self, waits: bool) {
        self.waits = waits;
    }

    /// Whether what moves earns time.
    pub(super) fn set_extends_deadline(&mut self, earns: bool) {
        self.earns = earns;
    }

    fn moved(&self, bytes: usize) {
        if self.earns {
            self.watch.record_progress(bytes);
        }
    }
}

impl Read for DeadlineSocket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read_ahead = self.socket.buffer().len();
        if !self.waits && read_ahead == 0 {
            return Ok(recv(self.socket(), bytes, RecvFlags::DONTWAIT)?.0);
        }
        let count = self.socket.read(bytes)?;
        if read_ahead == 0 {
            self.moved(count + self.socket.buffer().len());
        }
        Ok(count)
    }
}

impl Write for DeadlineSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.waits {
            return Ok(send(self.socket(), bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?);
        }
        let count = self.socket.get_mut().write(bytes)?;
        self.moved(count);
        Ok(count)
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        if !self.waits {
            return self.write(pieces.iter().find(|piece| !piece.is_empty()).map_or(&[], |piece| piece));
        }
        let count = self.socket.get_mut().write_vectored(pieces)?;
        self.moved(count);
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
    fn a_late_peer_is_shut_while_it_is_waited_for() {
        let (mut near, _far) = pair();
        let watch = Deadline::new(Duration::ZERO);
        watch.add(&near).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || near.read(&mut [0; 1]).unwrap_or(0));
            watch.tick();
            assert_eq!(waiting.join().unwrap(), 0);
        });
        assert_eq!(watch.close_reason(), Some(CloseReason::Late));
        let (mut later, _far) = pair();
        watch.add(&later).unwrap();
        assert_eq!(later.read(&mut [0; 1]).unwrap_or(0), 0, "a socket that comes too late is shut at once");
    }

    #[test]
    fn the_reason_of_a_cut_can_still_be_written_for_a_moment() {
        let ((mut near, mut far), (mut data, _far_data)) = (pair(), pair());
        let watch = Deadline::new(Duration::from_secs(10));
        watch.allow_final_reply();
        watch.add(&near).unwrap();
        watch.add(&data).unwrap();
        watch.close(CloseReason::Wanted);
        assert_eq!((near.read(&mut [0; 1]).unwrap(), data.write(&[0]).is_err()), (0, true));
        near.write_all(b"421").unwrap();
        far.read_exact(&mut [0; 3]).unwrap();
        watch.state().cut = Some((CloseReason::Wanted, Instant::now().checked_sub(FINAL_REPLY_GRACE).unwrap()));
        watch.tick();
        assert!(near.write(&[0]).is_err());
        assert_eq!((far.read(&mut [0; 1]).unwrap(), watch.close_reason()), (0, Some(CloseReason::Wanted)));
    }

    #[test]
    fn what_does_not_wait_earns_nothing() {
        let (near, mut far) = pair();
        let watch = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::new(near, Arc::clone(&watch));
        near.set_waiting(false);
        let deadline = watch.state().deadline;
        assert_eq!(near.read(&mut [0; 9]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        near.write_all(b"NOOP").unwrap();
        far.read_exact(&mut [0; 4]).unwrap();
        while let Ok(count) = near.write_vectored(&[io::IoSlice::new(&[]), io::IoSlice::new(&[0; 1 << 16])]) {
            assert!(count > 0);
        }
        assert_eq!(watch.state().deadline, deadline);
    }

    #[test]
    fn what_is_read_ahead_is_lost_to_nobody_and_earns_once() {
        let (near, mut far) = pair();
        let watch = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::reading_ahead(near, Arc::clone(&watch));
        far.write_all(&[7; 3]).unwrap();
        far.shutdown(Shutdown::Write).unwrap();
        let mut byte = [0];
        near.read_exact(&mut byte).unwrap();
        let deadline = watch.state().deadline;
        let mut rest = Vec::new();
        Read::by_ref(&mut near).take(2).read_to_end(&mut rest).unwrap();
        assert_eq!((byte, rest, watch.state().deadline), ([7], vec![7; 2], deadline));
        assert_eq!(near.read(&mut byte).unwrap(), 0);
    }

    #[test]
    fn words_must_come_in_time_as_a_whole() {
        let (near, mut far) = pair();
        let watch = Deadline::new(Duration::from_secs(10));
        let mut near = DeadlineSocket::strict(near, Arc::clone(&watch));
        let deadline = watch.state().deadline;
        far.write_all(&[7; 9000]).unwrap();
        near.read_exact(&mut [0; 9000]).unwrap();
        near.write_all(&[7; 9000]).unwrap();
        assert_eq!(watch.state().deadline, deadline);
    }

    #[test]
    fn single_bytes_do_not_earn_a_timeout_each() {
        let watch = Deadline::new(Duration::from_secs(10));
        let left = || watch.state().deadline.saturating_duration_since(Instant::now());
        watch.state().deadline = Instant::now();
        watch.record_progress(1);
        assert!(left() < Duration::from_secs(1));
        watch.record_progress(1 << 20);
        assert!(left() > Duration::from_secs(9) && left() <= Duration::from_secs(10));
    }

    #[test]
    fn a_strict_deadline_is_earned_away_by_nothing() {
        let watch = Deadline::strict(Duration::from_secs(10));
        let deadline = watch.state().deadline;
        watch.record_progress(1 << 20);
        assert_eq!(watch.state().deadline, deadline);
        watch.set_timeout(Duration::from_secs(20));
        watch.record_progress(1 << 20);
        assert!(watch.state().deadline > deadline);
    }
}
