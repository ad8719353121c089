//! Taking in connections, and ending those that are late.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rand_core::Rng;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::{info, warn};

use super::super::deadline::{Deadline, TICK};
use super::connections::Connection;
use super::log_limit::shortened;
use super::session::Session;
use super::shared::Shared;
use super::stream::MaybeTlsStream;
use crate::foundation::random;

/// Stack of a connection's thread.
const STACK: usize = 512 << 10;

impl Shared {
    /// Takes in whoever comes.
    pub(super) fn accept_loop(self: &Arc<Self>, listener: &TcpListener) {
        while !self.is_stopping() {
            match accept(listener, &|| self.is_stopping()) {
                Ok(Some((socket, peer))) => self.admit(socket, peer),
                Ok(None) => {}
                Err(_) if self.is_stopping() => {}
                Err(error) => {
                    warn!(%error, "no connection can be taken in now");
                    self.sleep_or_shutdown(Duration::from_secs(1));
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, socket: TcpStream, peer: SocketAddr) {
        let reject = |mut socket: TcpStream, text: &str| {
            if self.connections_logged.admits(Instant::now()) {
                info!(%peer, text, "turned away");
            }
            // It may be gone by now.
            drop(socket.set_nonblocking(true));
            drop(io::Write::write_all(&mut socket, format!("421 {text}\r\n").as_bytes()));
        };
        if self.logins.is_throttled(peer.ip(), Instant::now()) {
            return reject(socket, "Too many failed logins from your address; come back in a minute.");
        }
        let watch = Deadline::strict(self.limits.login);
        watch.allow_final_reply();
        let prepared = prepare(&socket).and_then(|()| watch.add(&socket));
        let Some(link) = prepared.ok().and_then(|()| self.connections.admit(peer, watch)) else {
            return reject(socket, "Too many connections; come back later.");
        };
        let (house, its_link) = (Arc::clone(self), Arc::clone(&link));
        let spawned = thread::Builder::new().stack_size(STACK).spawn(move || house.serve(socket, &its_link));
        if let Err(error) = spawned {
            if self.connections_logged.admits(Instant::now()) {
                warn!(%error, %peer, "no thread for a connection");
            }
            self.connections.remove(&link);
        }
    }

    fn serve(&self, socket: TcpStream, link: &Arc<Connection>) {
        let begun = Instant::now();
        if self.connections_logged.admits(begun) {
            info!(connection = link.number, peer = %link.peer, "connected");
        }
        let outcome = socket.local_addr().and_then(|local| {
            let wire = MaybeTlsStream::plain(socket, &link.deadline);
            Session::new(self, Arc::clone(link), wire, local.ip().to_canonical()).run()
        });
        let seconds = begun.elapsed().as_secs();
        let how = match (link.deadline.close_reason(), outcome) {
            (Some(cut), _) => format!("{cut:?}").to_lowercase(),
            (None, Err(error)) => shortened(&error.to_string()),
            (None, Ok(())) => "closed".into(),
        };
        // What those have done who logged in is always told.
        if link.logged_in.load(Ordering::Relaxed) || self.connections_logged.admits(Instant::now()) {
            info!(connection = link.number, peer = %link.peer, seconds, how, "disconnected");
        }
        self.connections.remove(link);
    }

    pub(super) fn enforce_deadlines(&self) {
        while !self.is_stopping() {
            self.connections.tick();
            self.log_left_out(false);
            thread::park_timeout(TICK);
        }
        self.log_left_out(true);
    }

    /// Logs how many lines were not written in the minute that is over; in the last one, when the service ends.
    fn log_left_out(&self, is_last: bool) {
        let now = Instant::now();
        if let Some(lines) = self.connections_logged.left_out(now, is_last) {
            info!(lines, "more connections without a login; not logged one by one");
        }
        if let Some(lines) = self.logins_logged.left_out(now, is_last) {
            info!(lines, "more refused logins; not logged one by one");
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

/// The kernel notices peers that vanished. ABOR may come as urgent data (RFC 959, section 4.1.3), which is read like all else.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_oobinline(socket, true)?;
    Ok(rustix::net::sockopt::set_socket_keepalive(socket, true)?)
}

/// The next connection, if one is there already.
pub(super) fn try_accept(listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    listener.set_nonblocking(true)?;
    match listener.accept() {
        Ok((socket, peer)) => {
            socket.set_nonblocking(false)?;
            Ok(Some((socket, SocketAddr::new(peer.ip().to_canonical(), peer.port()))))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // A peer that was gone before it was taken in.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The next connection; none when it is over.
fn accept(listener: &TcpListener, is_over: &dyn Fn() -> bool) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    loop {
        if let Some(accepted) = try_accept(listener)? {
            return Ok(Some(accepted));
        }
        if is_over() {
            return Ok(None);
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
