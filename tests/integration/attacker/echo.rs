//! A small server that says again what it hears, and clients of it, in the clear or under TLS with pinned certificates:
//! what the attacker itself is tested against.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use super::belief::Belief;
use super::credentials::Credentials;
use super::tls;

pub(super) const PROTOCOL: &[u8] = b"hestat-echo/1";

/// After which neither side waits any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the server knows of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Guest {
    /// All it has said: in clear text, if under TLS.
    pub(super) heard: Vec<u8>,
    /// How many reads that took.
    pub(super) reads: usize,
    /// How it ended, if it has.
    pub(super) end: Option<Result<(), String>>,
}

/// The server.
pub(super) struct Echo {
    pub(super) address: SocketAddr,
    guests: Arc<Mutex<Vec<Guest>>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Echo {
    pub(super) fn plain() -> Self {
        Self::start(None)
    }

    /// With a certificate, for those whom it believes.
    pub(super) fn secure(credentials: &Credentials, belief: Belief) -> Self {
        Self::start(Some(tls::server_config(&credentials.certified(), belief, vec![PROTOCOL.into()])))
    }

    fn start(config: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (guests, over) = <(Arc<Mutex<Vec<Guest>>>, Arc<AtomicBool>)>::default();
        let (known, is_over) = (Arc::clone(&guests), Arc::clone(&over));
        let accepting = Some(thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let seat = Seat::new(&known);
                let config = config.clone();
                thread::spawn(move || seat.serve(patient(socket), config));
            }
        }));
        Self { address, guests, over, accepting }
    }

    pub(super) fn guests(&self) -> Vec<Guest> {
        self.guests.lock().unwrap().clone()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.accepting.take().map(JoinHandle::join));
    }
}

/// Where one guest's words are kept.
struct Seat {
    number: usize,
    guests: Arc<Mutex<Vec<Guest>>>,
}

impl Seat {
    fn new(guests: &Arc<Mutex<Vec<Guest>>>) -> Self {
        let mut seats = guests.lock().unwrap();
        seats.push(Guest::default());
        Self { number: seats.len() - 1, guests: Arc::clone(guests) }
    }

    fn serve(&self, socket: TcpStream, config: Option<Arc<ServerConfig>>) {
        let served = match config {
            None => self.repeat(socket),
            Some(config) => self.repeat(StreamOwned::new(ServerConnection::new(config).unwrap(), socket)),
        };
        self.note(|guest| guest.end = Some(served.map_err(|error| error.to_string())));
    }

    fn repeat(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            let count = stream.read(&mut piece)?;
            if count == 0 {
                return Ok(());
            }
            self.note(|guest| {
                guest.heard.extend(&piece[..count]);
                guest.reads += 1;
            });
            stream.write_all(&piece[..count])?;
            stream.flush()?;
        }
    }

    fn note(&self, note: impl FnOnce(&mut Guest)) {
        note(&mut self.guests.lock().unwrap()[self.number]);
    }
}

/// A client in the clear that has said this, if anybody would hear it.
pub(super) fn visitor(address: SocketAddr, words: &[u8]) -> TcpStream {
    let mut socket = patient(TcpStream::connect(address).unwrap());
    drop(socket.write_all(words));
    socket
}

/// What a server says until it ends, while it is told this.
pub(super) fn converse(address: SocketAddr, words: &[u8]) -> Vec<u8> {
    let mut socket = visitor(address, &[]);
    let mut speaking = socket.try_clone().unwrap();
    let mut answer = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            speaking.write_all(words).unwrap();
            speaking.shutdown(Shutdown::Write).unwrap();
        });
        socket.read_to_end(&mut answer).unwrap();
    });
    answer
}

/// A client under TLS.
pub(super) struct SecureClient {
    pub(super) credentials: Credentials,
    pub(super) belief: Belief,
}

impl SecureClient {
    /// Says each of the sentences, a record each, and hears as many bytes.
    pub(super) fn converse(&self, address: SocketAddr, sentences: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut stream = self.connect(address)?;
        for sentence in sentences {
            stream.write_all(sentence)?;
            stream.flush()?;
        }
        let mut answer = vec![0; sentences.concat().len()];
        stream.read_exact(&mut answer)?;
        stream.conn.send_close_notify();
        stream.flush()?;
        stream.sock.shutdown(Shutdown::Write)?;
        Ok(answer)
    }

    fn connect(&self, address: SocketAddr) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let connection = tls::client(&self.credentials.certified(), self.belief, vec![PROTOCOL.into()]);
        let mut stream = StreamOwned::new(connection, patient(TcpStream::connect(address)?));
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}

fn patient(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}
