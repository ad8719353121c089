//! Accepts control connections and runs a session for each one in its own thread.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::super::deadline::{CloseReason, Deadline};
use super::accept_socket::{accept, configure_control_socket};
use super::client_session::ClientSession;
use super::connections::Connection;
use super::limits::THREAD_STACK_SIZE;
use super::log_limit::truncated;
use super::session;
use super::shared::Shared;
use super::stream::MaybeTlsStream;

/// Pause after an error of the listening socket, such as too many open files.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Accepts connections until the server stops.
pub(super) fn accept_loop(shared: &Arc<Shared>, listener: &TcpListener) {
    while !shared.is_stopping() {
        match accept(listener, &|| shared.is_stopping()) {
            Ok(Some((socket, peer))) => admit(shared, socket, peer),
            Ok(None) => {}
            Err(_) if shared.is_stopping() => {}
            Err(error) => {
                warn!(%error, "cannot accept connections");
                shared.sleep_or_shutdown(RETRY_DELAY);
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, socket: TcpStream, peer: SocketAddr) {
    if shared.logins.is_throttled(peer.ip(), Instant::now()) {
        return reject(shared, socket, peer, "Too many failed logins from your address; try again in a minute.");
    }
    let deadline = Deadline::strict(shared.limits.login);
    deadline.allow_final_reply();
    let configured = configure_control_socket(&socket).and_then(|()| deadline.add(&socket));
    let Some(connection) = configured.ok().and_then(|()| shared.connections.admit(peer, deadline)) else {
        return reject(shared, socket, peer, "Too many connections; try again later.");
    };
    let (thread_shared, thread_connection) = (Arc::clone(shared), Arc::clone(&connection));
    let serve = move || serve(&thread_shared, socket, &thread_connection);
    if let Err(error) = thread::Builder::new().stack_size(THREAD_STACK_SIZE).spawn(serve) {
        if shared.connection_log.admits(Instant::now()) {
            warn!(%error, %peer, "cannot start a thread for a connection");
        }
        shared.connections.remove(&connection);
    }
}

fn reject(shared: &Shared, mut socket: TcpStream, peer: SocketAddr, reason: &str) {
    if shared.connection_log.admits(Instant::now()) {
        info!(%peer, reason, "connection rejected");
    }
    // The client may have disconnected already, and must not block the acceptor.
    let _ = socket.set_nonblocking(true);
    let _ = socket.write_all(format!("421 {reason}\r\n").as_bytes());
}

fn serve(shared: &Shared, socket: TcpStream, connection: &Arc<Connection>) {
    let started = Instant::now();
    if shared.connection_log.admits(started) {
        info!(connection = connection.id, peer = %connection.peer, "connected");
    }
    let outcome = socket.local_addr().and_then(|local| {
        let stream = MaybeTlsStream::control(socket, &connection.deadline);
        session::run(ClientSession::new(shared, Arc::clone(connection), stream, local.ip().to_canonical()))
    });
    let seconds = started.elapsed().as_secs();
    let reason = match (connection.deadline.close_reason(), outcome) {
        (Some(CloseReason::Expired), _) => "timed out".into(),
        (Some(CloseReason::Requested), _) => "closed by the server".into(),
        (None, Err(error)) => truncated(&error.to_string()),
        (None, Ok(())) => "closed".into(),
    };
    // The limit is for unauthenticated connections only.
    if connection.logged_in.load(Ordering::Relaxed) || shared.connection_log.admits(Instant::now()) {
        info!(connection = connection.id, peer = %connection.peer, seconds, reason, "disconnected");
    }
    shared.connections.remove(connection);
}
