//! The connections that there are: how many at most, and which goes when there are too many.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::watch::{Cut, Watch};
use super::logins::origin;
use super::names::Place;
use super::passive::TIME_TO_CONNECT;

/// After this long without a byte, an upload may be taken over.
const STUCK: Duration = Duration::from_secs(1);

/// A control connection, with the data connection that it may have.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) watch: Arc<Watch>,
    pub(super) logged_in: AtomicBool,
    /// The file that it is writing.
    writes: Mutex<Option<Writing>>,
    /// Where its next data connection is expected, and since when.
    port: Mutex<Option<(TcpListener, Instant)>>,
}

/// A file that is being written.
#[derive(Debug)]
struct Writing {
    place: Place,
    /// All of it is there, and on its way to the disk.
    is_whole: bool,
}

impl Link {
    fn writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which file it is writing from now on.
    pub(super) fn writes(&self, place: Option<&Place>) {
        *self.writing() = place.map(|place| Writing { place: place.clone(), is_whole: false });
    }

    /// Says that the file is whole, and waits for the disk only.
    pub(super) fn wrote(&self) {
        self.writing().iter_mut().for_each(|writing| writing.is_whole = true);
    }

    fn is_writing(&self, place: &Place, what: impl Fn(&Writing) -> bool) -> bool {
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
        self.watch.tick();
        // There may be few ports, and others who need them.
        self.port().take_if(|(_, since)| since.elapsed() > TIME_TO_CONNECT);
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Links {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Link>>,
}

impl Links {
    pub(super) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a connection. If there are too many, one that has not logged in gives way: those who only occupy places
    /// do not keep out those who know the password. `None` if all are logged in.
    pub(super) fn admit(&self, peer: SocketAddr, watch: Arc<Watch>) -> Option<Arc<Link>> {
        let mut state = self.state();
        if state.staying().count() >= self.most {
            // It goes when it has been told why.
            state.stranger()?.watch.cut(Cut::Wanted);
        }
        state.last += 1;
        let link = Arc::new(Link {
            number: state.last,
            peer,
            watch,
            logged_in: AtomicBool::new(false),
            writes: Mutex::default(),
            port: Mutex::default(),
        });
        state.open.insert(link.number, Arc::clone(&link));
        Some(link)
    }

    /// A connection is over.
    pub(super) fn remove(&self, link: &Link) {
        self.state().open.remove(&link.number);
    }

    /// Whether somebody is writing this file, or one below this folder.
    pub(super) fn is_written(&self, place: &Place) -> bool {
        self.state().open.values().any(|link| link.is_writing(place, |_| true))
    }

    /// The same, but for a file that is whole already.
    pub(super) fn is_unfinished(&self, place: &Place) -> bool {
        self.state().open.values().any(|link| link.is_writing(place, |file| !file.is_whole || file.place != *place))
    }

    /// A file that may still be on its way to the disk has another name.
    pub(super) fn renamed(&self, from: &Place, to: &Place) {
        for link in self.state().open.values() {
            link.writing().iter_mut().filter(|file| file.place == *from).for_each(|file| file.place = to.clone());
        }
    }

    /// Ends the connection that writes there, if no byte of it has moved for a while; whether there is one. A client
    /// whose line broke comes back for the rest of its upload before the server notices that the line is dead.
    pub(super) fn relieve(&self, place: &Place) -> bool {
        let state = self.state();
        let mut writers = state.open.values().filter(|link| link.is_writing(place, |file| !file.is_whole));
        let stuck = writers.find(|link| link.watch.still_for() > STUCK);
        stuck.inspect(|link| link.watch.cut(Cut::Wanted)).is_some()
    }

    /// Ends what is late.
    pub(super) fn tick(&self) {
        self.state().open.values().for_each(|link| link.tick());
    }

    /// Ends all.
    pub(super) fn cut(&self) {
        self.state().open.values().for_each(|link| link.watch.cut(Cut::Wanted));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().open.is_empty()
    }
}

impl State {
    /// Those that are not about to go.
    fn staying(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.open.values().filter(|link| link.watch.why().is_none())
    }

    /// Who gives way: the oldest stranger from the address that most of them come from, so that a rush from one address
    /// does not push out who is just logging in from another.
    fn stranger(&self) -> Option<&Arc<Link>> {
        let mut addresses = BTreeMap::new();
        for link in self.staying().filter(|link| !link.logged_in.load(Ordering::Relaxed)) {
            addresses.entry(origin(link.peer.ip())).or_insert((0, Reverse(link.number))).0 += 1;
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
        let links = Links::new(2);
        let admit = || links.admit("192.0.2.1:1".parse().unwrap(), Watch::new(Duration::from_secs(9)));
        let (first, second) = (admit().unwrap(), admit().unwrap());
        first.logged_in.store(true, Ordering::Relaxed);
        let third = admit().unwrap();
        assert_eq!((first.watch.why(), second.watch.why()), (None, Some(Cut::Wanted)));
        third.logged_in.store(true, Ordering::Relaxed);
        assert!(admit().is_none());
        links.remove(&first);
        assert!(admit().is_some());
        links.cut();
        assert_eq!(third.watch.why(), Some(Cut::Wanted));
    }

    #[test]
    fn a_port_that_nobody_uses_is_free_again() {
        let links = Links::new(1);
        let link = links.admit("192.0.2.1:1".parse().unwrap(), Watch::new(Duration::from_secs(9))).unwrap();
        let offer = || link.offer_port(TcpListener::bind("127.0.0.1:0").unwrap());
        offer();
        links.tick();
        assert!(link.take_port().is_some() && link.take_port().is_none());
        offer();
        link.port().as_mut().unwrap().1 -= TIME_TO_CONNECT + Duration::from_secs(1);
        links.tick();
        assert!(link.take_port().is_none());
    }

    #[test]
    fn a_rush_makes_way_before_others_do() {
        let links = Links::new(3);
        let admit = |peer: &str| links.admit(peer.parse().unwrap(), Watch::new(Duration::from_secs(9))).unwrap();
        let honest = admit("192.0.2.1:1");
        let rush: Vec<_> = (1..9).map(|port| admit(&format!("192.0.2.2:{port}"))).collect();
        assert_eq!(honest.watch.why(), None);
        let pushed_out: Vec<bool> = rush.iter().map(|link| link.watch.why().is_some()).collect();
        assert_eq!(pushed_out, [true, true, true, true, true, true, false, false]);
    }
}
