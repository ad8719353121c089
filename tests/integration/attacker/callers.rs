//! Clients of a server that says again what it hears.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use super::belief::Belief;
use super::credentials::Credentials;
use super::echo::{PATIENCE, PROTOCOL};
use super::tls;

/// A client in the clear that has said this, if anybody would hear it.
pub(super) fn visitor(address: SocketAddr, words: &[u8]) -> TcpStream {
    let mut socket = patient(TcpStream::connect(address).unwrap(), PATIENCE);
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
    pub(super) patience: Duration,
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
        let mut stream = StreamOwned::new(connection, patient(TcpStream::connect(address)?, self.patience));
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}

/// The same, which waits no longer for anything.
pub(super) fn patient(socket: TcpStream, patience: Duration) -> TcpStream {
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.set_write_timeout(Some(patience)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}
