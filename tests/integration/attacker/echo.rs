//! A small echo server, without or with TLS: the target in the attacker's self-tests.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::accept_loop::AcceptLoop;
use super::clients::with_timeouts;
use super::credentials::Credentials;
use super::tls;
use super::verifier::TestVerifier;

pub(super) const PROTOCOL: &[u8] = b"hestat-echo/1";

/// Read and write timeout of both sides.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// What the server knows of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// All bytes received, decrypted if TLS is used.
    pub(super) received: Vec<u8>,
    /// How many reads that took.
    pub(super) reads: usize,
    /// How the connection ended, once it has.
    pub(super) end: Option<Result<(), String>>,
}

/// The server. It stops accepting when it is dropped.
pub(super) struct EchoServer {
    pub(super) address: SocketAddr,
    sessions: Arc<Mutex<Vec<Session>>>,
    _accept_loop: AcceptLoop,
}

impl EchoServer {
    pub(super) fn plain() -> Self {
        Self::start(None)
    }

    /// Serves TLS with these credentials, and verifies clients with this verifier.
    pub(super) fn tls(credentials: &Credentials, verifier: TestVerifier) -> Self {
        Self::start(Some(tls::server_config(&credentials.certified(), verifier, vec![PROTOCOL.into()])))
    }

    fn start(config: Option<Arc<ServerConfig>>) -> Self {
        let sessions = Arc::<Mutex<Vec<Session>>>::default();
        let shared = Arc::clone(&sessions);
        let accept_loop = AcceptLoop::start(move |socket| {
            let (recorder, config) = (SessionRecorder::new(&shared), config.clone());
            thread::spawn(move || recorder.serve(with_timeouts(socket, TIMEOUT), config));
        });
        Self { address: accept_loop.address, sessions, _accept_loop: accept_loop }
    }

    pub(super) fn sessions(&self) -> Vec<Session> {
        self.sessions.lock().unwrap().clone()
    }
}

/// Serves one connection, and records it as session `number`.
struct SessionRecorder {
    number: usize,
    sessions: Arc<Mutex<Vec<Session>>>,
}

impl SessionRecorder {
    fn new(sessions: &Arc<Mutex<Vec<Session>>>) -> Self {
        let mut all = sessions.lock().unwrap();
        all.push(Session::default());
        Self { number: all.len() - 1, sessions: Arc::clone(sessions) }
    }

    fn serve(&self, socket: TcpStream, config: Option<Arc<ServerConfig>>) {
        let served = match config {
            None => self.echo(socket),
            Some(config) => self.echo(StreamOwned::new(ServerConnection::new(config).unwrap(), socket)),
        };
        self.update(|session| session.end = Some(served.map_err(|error| error.to_string())));
    }

    fn echo(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            self.update(|session| {
                session.received.extend(&buffer[..count]);
                session.reads += 1;
            });
            stream.write_all(&buffer[..count])?;
            stream.flush()?;
        }
    }

    fn update(&self, update: impl FnOnce(&mut Session)) {
        update(&mut self.sessions.lock().unwrap()[self.number]);
    }
}
