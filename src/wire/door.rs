//! Taking in connections: handshake, admission, greeting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, Doorkeeper, Enrolment, Knock};
use super::arrival::{Arrival, Limits};
use super::error::WireError;
use super::greeting::{Greeting, SIGN_OF_LIFE};
use super::link::Link;
use super::runtime::blocking;
use super::socket::prepare;
use super::strangers::Strangers;
use super::tls::{Patience, accept_over};
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Stopped;

/// Those about whom somebody is to be asked, at once.
const UNANSWERED: usize = 16;

/// How long it takes a person to see that a question is over.
const REACTION: Duration = Duration::from_secs(3);

/// What all connections of a listener have in common.
pub(super) struct Door {
    acceptor: TlsAcceptor,
    admission: Admission,
    patience: Patience,
    strangers: Strangers,
    links: Arc<Semaphore>,
    /// One question at a time.
    question: Arc<Mutex<()>>,
    unanswered: Semaphore,
    /// One look into the lists at a time, however many knock.
    lookup: Mutex<()>,
    arrivals: mpsc::Sender<Arrival>,
    stop: CancellationToken,
}

impl Door {
    pub(super) fn new(
        acceptor: TlsAcceptor,
        admission: Admission,
        limits: Limits,
        arrivals: mpsc::Sender<Arrival>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            acceptor,
            admission,
            patience: limits.patience,
            strangers: Strangers::new(limits.strangers),
            links: Arc::new(Semaphore::new(limits.links)),
            question: Arc::default(),
            unanswered: Semaphore::new(UNANSWERED),
            lookup: Mutex::default(),
            arrivals,
            stop,
        }
    }

    /// Takes in whoever comes, until it is stopped.
    pub(super) async fn welcome(self: Arc<Self>, listener: TcpListener) {
        let guests = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => {
                    let (door, stop) = (Arc::clone(&self), self.stop.clone());
                    let guest = async move { stop.run_until_cancelled(door.take_in(socket, address)).await };
                    self.strangers.add(guests.spawn(guest).abort_handle());
                }
                // No more files can be open, say: strangers make room.
                Err(_) => {
                    self.strangers.remove_oldest();
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        guests.close();
        guests.wait().await;
    }

    async fn take_in(self: Arc<Self>, socket: TcpStream, address: SocketAddr) {
        // A stranger who fails here is nobody's concern: there are too many reasons, most of them on the other side.
        let Ok(link) = self.handshake(socket, address).await else { return };
        // From here on it is known who it is: it has its place, whoever else comes.
        tokio::spawn(self.decide(link));
    }

    async fn handshake(&self, socket: TcpStream, address: SocketAddr) -> Result<Link, WireError> {
        let peer = SocketAddr::new(address.ip().to_canonical(), address.port()).to_string();
        let stream = prepare(socket).map_err(|source| WireError::Broken { peer: peer.clone(), source })?;
        accept_over(&self.acceptor, stream, &peer, self.patience).await
    }

    /// Admits the peer at the other end of `link`, or tells it why not.
    async fn decide(self: Arc<Self>, mut link: Link) {
        let Ok(place) = Arc::clone(&self.links).try_acquire_owned() else {
            return refuse(link, Greeting::Crowded).await;
        };
        let Ok(greeting) = self.admits(&mut link).await else { return };
        if greeting != Greeting::Welcome {
            let (peer, fingerprint) = (link.peer().to_owned(), link.fingerprint());
            if greeting == Greeting::NotEnrolled {
                // Who comes too often is told of less often.
                drop(self.arrivals.try_send(Arrival::Refused { peer, fingerprint }));
            }
            return refuse(link, greeting).await;
        }
        if link.sender.send(&greeting, b"").await.is_ok() {
            link.hold(place);
            // Nobody wants it any more if this fails.
            drop(self.arrivals.send(Arrival::Link(Box::new(link))).await);
        }
    }

    async fn admits(&self, link: &mut Link) -> Result<Greeting, WireError> {
        let Admission::Enrolled { enrolment, doorkeeper } = &self.admission else { return Ok(Greeting::Welcome) };
        if self.is_enrolled(enrolment, link.fingerprint()).await {
            return Ok(Greeting::Welcome);
        }
        let Some(doorkeeper) = doorkeeper else { return Ok(Greeting::NotEnrolled) };
        let Ok(_waiting) = self.unanswered.try_acquire() else { return Ok(Greeting::Crowded) };
        let gone = CancellationToken::new();
        let knock = Knock { from: link.peer().to_owned(), fingerprint: link.fingerprint(), gone: gone.clone() };
        // However this ends, it is no question any more.
        let _end = gone.drop_guard();
        let answer = self.ask(Arc::clone(doorkeeper), knock);
        tokio::pin!(answer);
        let mut ticks = interval(SIGN_OF_LIFE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Stopped.into()),
                error = link.receiver.failure() => return Err(error),
                is_in = &mut answer => return Ok(if is_in { Greeting::Welcome } else { Greeting::NotEnrolled }),
                _ = ticks.tick() => link.sender.send(&Greeting::Asking, b"").await?,
            }
        }
    }

    /// What cannot be read enrols nobody.
    async fn is_enrolled(&self, enrolment: &Enrolment, fingerprint: KeyFingerprint) -> bool {
        let enrolment = enrolment.clone();
        let _turn = self.lookup.lock().await;
        let held = blocking(move || enrolment.holds(fingerprint)).await;
        held.unwrap_or_else(|error| {
            drop(self.arrivals.try_send(Arrival::Unlisted(error)));
            false
        })
    }

    /// Whether a person says yes.
    async fn ask(&self, doorkeeper: Doorkeeper, knock: Knock) -> bool {
        let turn = Arc::clone(&self.question).lock_owned().await;
        let question = tokio::spawn(async move {
            let (is_in, is_over) = blocking(move || (doorkeeper(&knock), knock.is_over())).await;
            if is_over {
                // Whoever is just typing an answer must not give it to somebody else.
                sleep(REACTION).await;
            }
            drop(turn);
            is_in
        });
        question.await.unwrap_or(false)
    }
}

/// Says why, if anybody still listens.
async fn refuse(mut link: Link, greeting: Greeting) {
    drop(link.sender.send(&greeting, b"").await);
    drop(link.sender.close().await);
}
