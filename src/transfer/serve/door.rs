//! Taking in connections, and ending those that are late.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rand_core::Rng;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::{info, warn};

use super::super::watch::{TICK, Watch};
use super::house::House;
use super::links::Link;
use super::session::Session;
use super::wire::Wire;
use crate::foundation::random;

/// Stack of a connection's thread.
const STACK: usize = 512 << 10;

impl House {
    /// Takes in whoever comes.
    pub(super) fn welcome(self: &Arc<Self>, listener: &TcpListener) {
        while !self.is_stopping() {
            match accept(listener, None, &|| self.is_stopping()) {
                Ok(Some((socket, peer))) => self.admit(socket, peer),
                Ok(None) => {}
                Err(_) if self.is_stopping() => {}
                Err(error) => {
                    warn!(%error, "no connection can be taken in now");
                    self.rest(Duration::from_secs(1));
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, socket: TcpStream, peer: SocketAddr) {
        let turn_away = |mut socket: TcpStream, text: &str| {
            info!(%peer, text, "turned away");
            // It may be gone by now.
            drop(socket.set_nonblocking(true));
            drop(io::Write::write_all(&mut socket, format!("421 {text}\r\n").as_bytes()));
        };
        if self.logins.is_barred(peer.ip(), Instant::now()) {
            return turn_away(socket, "Too many failed logins from your address; come back in a minute.");
        }
        let watch = Watch::strict(self.limits.login);
        let prepared = prepare(&socket).and_then(|()| watch.add(&socket));
        let Some(link) = prepared.ok().and_then(|()| self.links.admit(peer, watch)) else {
            return turn_away(socket, "Too many connections; come back later.");
        };
        let (house, its_link) = (Arc::clone(self), Arc::clone(&link));
        let spawned = thread::Builder::new().stack_size(STACK).spawn(move || house.serve(socket, &its_link));
        if let Err(error) = spawned {
            warn!(%error, %peer, "no thread for a connection");
            self.links.remove(&link);
        }
    }

    fn serve(&self, socket: TcpStream, link: &Arc<Link>) {
        let begun = Instant::now();
        info!(connection = link.number, peer = %link.peer, "connected");
        let outcome = socket.local_addr().and_then(|local| {
            let wire = Wire::plain(socket, &link.watch);
            Session::new(self, Arc::clone(link), wire, local.ip().to_canonical()).talk()
        });
        let seconds = begun.elapsed().as_secs();
        let how = match (link.watch.why(), outcome) {
            (Some(cut), _) => format!("{cut:?}").to_lowercase(),
            (None, Err(error)) => error.to_string(),
            (None, Ok(())) => "closed".into(),
        };
        info!(connection = link.number, peer = %link.peer, seconds, how, "disconnected");
        self.links.remove(link);
    }

    pub(super) fn look_after(&self) {
        while !self.is_stopping() {
            self.links.tick();
            thread::park_timeout(TICK);
        }
    }

    /// A listener for one data connection: at a random one of the ports, for whoever can guess it may come first.
    pub(super) fn bind_passive(&self, address: IpAddr) -> io::Result<TcpListener> {
        let Some(ports) = &self.passive_ports else { return TcpListener::bind((address, 0)) };
        let count = u32::from(ports.end() - ports.start()) + 1;
        let first = random::from_system().map_err(io::Error::other)?.next_u32() % count;
        let at = |step: u32| *ports.start() + ((first + step) % count) as u16;
        let mut bound = Err(io::ErrorKind::AddrInUse.into());
        for step in 0..count {
            bound = TcpListener::bind((address, at(step)));
            if bound.is_ok() {
                break;
            }
        }
        bound
    }
}

/// The kernel notices peers that vanished.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    Ok(rustix::net::sockopt::set_socket_keepalive(socket, true)?)
}

/// The next connection; none when the deadline has passed or it is over.
pub(super) fn accept(
    listener: &TcpListener,
    deadline: Option<Instant>,
    is_over: &dyn Fn() -> bool,
) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    listener.set_nonblocking(true)?;
    loop {
        match listener.accept() {
            Ok((socket, peer)) => {
                socket.set_nonblocking(false)?;
                let canonical = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                return Ok(Some((socket, canonical)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // A peer that was gone before it was taken in.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        if is_over() || deadline.is_some_and(|deadline| deadline < Instant::now()) {
            return Ok(None);
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
