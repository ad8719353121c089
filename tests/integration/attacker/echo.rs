//! A small server that says again what it hears, in the clear or under TLS: what the attacker itself is tested against.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::belief::Belief;
use super::callers::patient;
use super::credentials::Credentials;
use super::listening::Listening;
use super::tls;

pub(super) const PROTOCOL: &[u8] = b"hestat-echo/1";

/// After which neither side waits any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

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

/// The server; it takes no more connections when it is dropped.
pub(super) struct Echo {
    pub(super) address: SocketAddr,
    guests: Arc<Mutex<Vec<Guest>>>,
    _listening: Listening,
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
        let guests = Arc::<Mutex<Vec<Guest>>>::default();
        let known = Arc::clone(&guests);
        let listening = Listening::start(move |socket| {
            let (seat, config) = (Seat::new(&known), config.clone());
            thread::spawn(move || seat.serve(patient(socket, PATIENCE), config));
        });
        Self { address: listening.address, guests, _listening: listening }
    }

    pub(super) fn guests(&self) -> Vec<Guest> {
        self.guests.lock().unwrap().clone()
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
