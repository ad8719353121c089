//! The open connections, their maximum number, and which one is closed when there are too many.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::deadline::{CloseReason, Deadline};
use super::limits::CONNECT_TIMEOUT;
use super::login_throttle::rate_limit_key;
use super::virtual_path::VirtualPath;

/// Time without a byte after which another connection may take over an upload.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// A control connection, its passive port and the file that it writes.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its number in the log.
    pub(super) id: u64,
    pub(super) peer: SocketAddr,
    /// Covers the control connection and its data connection.
    pub(super) deadline: Arc<Deadline>,
    pub(super) logged_in: AtomicBool,
    upload: Mutex<Option<Upload>>,
    /// The listener for the next data connection, and the time when it was opened.
    port: Mutex<Option<(TcpListener, Instant)>>,
}

/// An upload in progress.
#[derive(Debug)]
struct Upload {
    path: VirtualPath,
    /// Whether all data has been received; it may still be on its way to the disk.
    is_complete: bool,
}

impl Connection {
    fn upload(&self) -> MutexGuard<'_, Option<Upload>> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the file that this connection is writing.
    pub(super) fn set_writing(&self, path: Option<&VirtualPath>) {
        *self.upload() = path.map(|path| Upload { path: path.clone(), is_complete: false });
    }

    /// Marks the file as complete: only the disk is still busy with it.
    pub(super) fn mark_complete(&self) {
        self.upload().iter_mut().for_each(|upload| upload.is_complete = true);
    }

    /// Returns whether it writes to `path`, or below it, and the upload meets `condition`.
    fn is_writing(&self, path: &VirtualPath, condition: impl Fn(&Upload) -> bool) -> bool {
        self.upload().as_ref().is_some_and(|upload| upload.path.is_within(path) && condition(upload))
    }

    fn port(&self) -> MutexGuard<'_, Option<(TcpListener, Instant)>> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the listener for the next data connection.
    pub(super) fn offer_port(&self, listener: TcpListener) {
        *self.port() = Some((listener, Instant::now()));
    }

    /// Takes the listener for the next data connection, unless there is none or it has timed out.
    pub(super) fn take_port(&self) -> Option<TcpListener> {
        self.port().take().map(|(listener, _)| listener)
    }

    /// Closes the connection if its deadline has passed, and its port if it has timed out: ports may be few.
    fn tick(&self) {
        self.deadline.tick();
        self.port().take_if(|(_, opened)| opened.elapsed() > CONNECT_TIMEOUT);
    }
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    open: BTreeMap<u64, Arc<Connection>>,
}

impl Connections {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection. At capacity, an unauthenticated connection is closed instead, so that idle connections
    /// cannot keep out clients that know the password. Returns `None` if all connections have logged in.
    pub(super) fn admit(&self, peer: SocketAddr, deadline: Arc<Deadline>) -> Option<Arc<Connection>> {
        let mut state = self.state();
        if state.active().count() >= self.capacity {
            // It is removed after its last reply.
            state.eviction_candidate()?.deadline.close(CloseReason::Requested);
        }
        state.last_id += 1;
        let connection = Arc::new(Connection {
            id: state.last_id,
            peer,
            deadline,
            logged_in: AtomicBool::new(false),
            upload: Mutex::default(),
            port: Mutex::default(),
        });
        state.open.insert(connection.id, Arc::clone(&connection));
        Some(connection)
    }

    /// Removes a connection that has ended.
    pub(super) fn remove(&self, connection: &Connection) {
        self.state().open.remove(&connection.id);
    }

    /// Returns whether a connection writes to `path`, or below it.
    pub(super) fn is_writing(&self, path: &VirtualPath) -> bool {
        self.state().open.values().any(|connection| connection.is_writing(path, |_| true))
    }

    /// Returns the same as [`Connections::is_writing`], except that the file `path` itself may be complete.
    pub(super) fn is_incomplete(&self, path: &VirtualPath) -> bool {
        let is_blocking = |upload: &Upload| !upload.is_complete || upload.path != *path;
        self.state().open.values().any(|connection| connection.is_writing(path, is_blocking))
    }

    /// Updates the path of an upload after its file was renamed.
    pub(super) fn renamed(&self, from: &VirtualPath, to: &VirtualPath) {
        for connection in self.state().open.values() {
            connection
                .upload()
                .iter_mut()
                .filter(|upload| upload.path == *from)
                .for_each(|upload| upload.path = to.clone());
        }
    }

    /// Closes the connection that writes to `path` if it has stalled; returns whether there was one. A client whose
    /// connection was lost comes back to resume its upload before the server notices the loss.
    pub(super) fn evict_stalled_writer(&self, path: &VirtualPath) -> bool {
        let state = self.state();
        let mut writers = state.open.values().filter(|writer| writer.is_writing(path, |upload| !upload.is_complete));
        let stalled = writers.find(|writer| writer.deadline.idle_time() > STALLED_AFTER);
        stalled.inspect(|writer| writer.deadline.close(CloseReason::Requested)).is_some()
    }

    /// Closes all connections whose deadline has passed, and all ports that have timed out.
    pub(super) fn tick(&self) {
        self.state().open.values().for_each(|connection| connection.tick());
    }

    /// Closes all connections.
    pub(super) fn close_all(&self) {
        self.state().open.values().for_each(|connection| connection.deadline.close(CloseReason::Requested));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().open.is_empty()
    }
}

impl State {
    /// Returns the connections that are not being closed.
    fn active(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.open.values().filter(|connection| connection.deadline.close_reason().is_none())
    }

    /// Returns the oldest unauthenticated connection from the address that has most of them, so that many connections
    /// from one address do not evict a client that is just logging in from another.
    fn eviction_candidate(&self) -> Option<&Arc<Connection>> {
        let mut addresses = BTreeMap::new();
        for connection in self.active().filter(|connection| !connection.logged_in.load(Ordering::Relaxed)) {
            addresses.entry(rate_limit_key(connection.peer.ip())).or_insert((0, Reverse(connection.id))).0 += 1;
        }
        let (_, Reverse(oldest)) = addresses.into_values().max()?;
        self.open.get(&oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(9);

    #[test]
    fn the_oldest_unauthenticated_connection_is_evicted() {
        let connections = Connections::new(2);
        let admit = || connections.admit("192.0.2.1:1".parse().unwrap(), Deadline::new(TIMEOUT));
        let (first, second) = (admit().unwrap(), admit().unwrap());
        first.logged_in.store(true, Ordering::Relaxed);
        let third = admit().unwrap();
        assert_eq!(
            (first.deadline.close_reason(), second.deadline.close_reason()),
            (None, Some(CloseReason::Requested))
        );
        third.logged_in.store(true, Ordering::Relaxed);
        assert!(admit().is_none());
        connections.remove(&first);
        assert!(admit().is_some());
        connections.close_all();
        assert_eq!(third.deadline.close_reason(), Some(CloseReason::Requested));
    }

    #[test]
    fn an_unused_port_is_closed_after_the_timeout() {
        let connections = Connections::new(1);
        let connection = connections.admit("192.0.2.1:1".parse().unwrap(), Deadline::new(TIMEOUT)).unwrap();
        let offer = || connection.offer_port(TcpListener::bind("127.0.0.1:0").unwrap());
        offer();
        connections.tick();
        assert!(connection.take_port().is_some() && connection.take_port().is_none());
        offer();
        connection.port().as_mut().unwrap().1 -= CONNECT_TIMEOUT + Duration::from_secs(1);
        connections.tick();
        assert!(connection.take_port().is_none());
    }

    #[test]
    fn many_connections_from_one_address_evict_each_other_first() {
        let connections = Connections::new(3);
        let admit = |peer: &str| connections.admit(peer.parse().unwrap(), Deadline::new(TIMEOUT)).unwrap();
        let honest = admit("192.0.2.1:1");
        let flood: Vec<_> = (1..9).map(|port| admit(&format!("192.0.2.2:{port}"))).collect();
        assert_eq!(honest.deadline.close_reason(), None);
        let evicted: Vec<bool> = flood.iter().map(|connection| connection.deadline.close_reason().is_some()).collect();
        assert_eq!(evicted, [true, true, true, true, true, true, false, false]);
    }
}
