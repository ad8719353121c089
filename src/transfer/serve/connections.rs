//! The connections that there are: how many at most, and which goes when there are too many.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::deadline::{CloseReason, Deadline};
use super::login_throttle::rate_limit_key;
use super::passive::CONNECT_TIMEOUT;
use super::virtual_path::VirtualPath;

/// After this long without a byte, an upload may be taken over.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// A control connection, with the data connection that it may have.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) deadline: Arc<Deadline>,
    pub(super) logged_in: AtomicBool,
    /// The file that it is writing.
    writes: Mutex<Option<Writing>>,
    /// Where its next data connection is expected, and since when.
    port: Mutex<Option<(TcpListener, Instant)>>,
}

/// A file that is being written.
#[derive(Debug)]
struct Writing {
    place: VirtualPath,
    /// All of it is there, and on its way to the disk.
    is_whole: bool,
}

impl Connection {
    fn writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which file it is writing from now on.
    pub(super) fn set_writing(&self, place: Option<&VirtualPath>) {
        *self.writing() = place.map(|place| Writing { place: place.clone(), is_whole: false });
    }

    /// Says that the file is whole, and waits for the disk only.
    pub(super) fn mark_complete(&self) {
        self.writing().iter_mut().for_each(|writing| writing.is_whole = true);
    }

    fn is_writing(&self, place: &VirtualPath, what: impl Fn(&Writing) -> bool) -> bool {
        self.writing().as_ref().is_some_and(|writing| writing.place.is_within(place) && what(writing))
    }

    fn port(&self) -> MutexGuard<'_, Option<(TcpListener, Instant)>> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its next data connection is expected here.
    pub(super) fn offer_port(&self, listener: TcpListener) {
        *self.port() = Some((listener, Instant::now()));
    }

    /// Where its data connection is expected, if it asked for that and not too long ago.
    pub(super) fn take_port(&self) -> Option<TcpListener> {
        self.port().take().map(|(listener, _)| listener)
    }

    /// Ends what is late.
    fn tick(&self) {
        self.deadline.tick();
        // There may be few ports, and others who need them.
        self.port().take_if(|(_, since)| since.elapsed() > CONNECT_TIMEOUT);
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Connection>>,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a connection. If there are too many, one that has not logged in gives way: those who only occupy places
    /// do not keep out those who know the password. `None` if all are logged in.
    pub(super) fn admit(&self, peer: SocketAddr, watch: Arc<Deadline>) -> Option<Arc<Connection>> {
        let mut state = self.state();
        if state.staying().count() >= self.most {
            // It goes when it has been told why.
            state.eviction_candidate()?.deadline.close(CloseReason::Requested);
        }
        state.last += 1;
        let link = Arc::new(Connection {
            number: state.last,
            peer,
            deadline: watch,
            logged_in: AtomicBool::new(false),
            writes: Mutex::default(),
            port: Mutex::default(),
        });
        state.open.insert(link.number, Arc::clone(&link));
        Some(link)
    }

    /// A connection is over.
    pub(super) fn remove(&self, link: &Connection) {
        self.state().open.remove(&link.number);
    }

    /// Whether somebody is writing this file, or one below this folder.
    pub(super) fn is_written(&self, place: &VirtualPath) -> bool {
        self.state().open.values().any(|link| link.is_writing(place, |_| true))
    }

    /// The same, but for a file that is whole already.
    pub(super) fn is_unfinished(&self, place: &VirtualPath) -> bool {
        self.state().open.values().any(|link| link.is_writing(place, |file| !file.is_whole || file.place != *place))
    }

    /// A file that may still be on its way to the disk has another name.
    pub(super) fn renamed(&self, from: &VirtualPath, to: &VirtualPath) {
        for link in self.state().open.values() {
            link.writing().iter_mut().filter(|file| file.place == *from).for_each(|file| file.place = to.clone());
        }
    }

    /// Ends the connection that writes there, if no byte of it has moved for a while; whether there is one. A client
    /// whose line broke comes back for the rest of its upload before the server notices that the line is dead.
    pub(super) fn evict_stalled_writer(&self, place: &VirtualPath) -> bool {
        let state = self.state();
        let mut writers = state.open.values().filter(|link| link.is_writing(place, |file| !file.is_whole));
        let stuck = writers.find(|link| link.deadline.idle_time() > STALLED_AFTER);
        stuck.inspect(|link| link.deadline.close(CloseReason::Requested)).is_some()
    }

    /// Ends what is late.
    pub(super) fn tick(&self) {
        self.state().open.values().for_each(|link| link.tick());
    }

    /// Ends all.
    pub(super) fn close_all(&self) {
        self.state().open.values().for_each(|link| link.deadline.close(CloseReason::Requested));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().open.is_empty()
    }
}

impl State {
    /// Those that are not about to go.
    fn staying(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.open.values().filter(|link| link.deadline.close_reason().is_none())
    }

    /// Who gives way: the oldest stranger from the address that most of them come from, so that a rush from one address
    /// does not push out who is just logging in from another.
    fn eviction_candidate(&self) -> Option<&Arc<Connection>> {
        let mut addresses = BTreeMap::new();
        for link in self.staying().filter(|link| !link.logged_in.load(Ordering::Relaxed)) {
            addresses.entry(rate_limit_key(link.peer.ip())).or_insert((0, Reverse(link.number))).0 += 1;
        }
        let (_, Reverse(oldest)) = addresses.into_values().max()?;
        self.open.get(&oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_stranger_gives_way() {
        let links = Connections::new(2);
        let admit = || links.admit("192.0.2.1:1".parse().unwrap(), Deadline::new(Duration::from_secs(9)));
        let (first, second) = (admit().unwrap(), admit().unwrap());
        first.logged_in.store(true, Ordering::Relaxed);
        let third = admit().unwrap();
        assert_eq!(
            (first.deadline.close_reason(), second.deadline.close_reason()),
            (None, Some(CloseReason::Requested))
        );
        third.logged_in.store(true, Ordering::Relaxed);
        assert!(admit().is_none());
        links.remove(&first);
        assert!(admit().is_some());
        links.close_all();
        assert_eq!(third.deadline.close_reason(), Some(CloseReason::Requested));
    }

    #[test]
    fn a_port_that_nobody_uses_is_free_again() {
        let links = Connections::new(1);
        let link = links.admit("192.0.2.1:1".parse().unwrap(), Deadline::new(Duration::from_secs(9))).unwrap();
        let offer = || link.offer_port(TcpListener::bind("127.0.0.1:0").unwrap());
        offer();
        links.tick();
        assert!(link.take_port().is_some() && link.take_port().is_none());
        offer();
        link.port().as_mut().unwrap().1 -= CONNECT_TIMEOUT + Duration::from_secs(1);
        links.tick();
        assert!(link.take_port().is_none());
    }

    #[test]
    fn a_rush_makes_way_before_others_do() {
        let links = Connections::new(3);
        let admit = |peer: &str| links.admit(peer.parse().unwrap(), Deadline::new(Duration::from_secs(9))).unwrap();
        let honest = admit("192.0.2.1:1");
        let rush: Vec<_> = (1..9).map(|port| admit(&format!("192.0.2.2:{port}"))).collect();
        assert_eq!(honest.deadline.close_reason(), None);
        let pushed_out: Vec<bool> = rush.iter().map(|link| link.deadline.close_reason().is_some()).collect();
        assert_eq!(pushed_out, [true, true, true, true, true, true, false, false]);
    }
}
