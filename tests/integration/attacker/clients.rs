//! Clients of the echo server, without and with TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use super::credentials::Credentials;
use super::echo::{PROTOCOL, TIMEOUT};
use super::tls;
use super::verifier::TestVerifier;

/// Connects without TLS and sends these bytes; errors of sending are ignored.
pub(super) fn plain_client(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut socket = with_timeouts(TcpStream::connect(address).unwrap(), TIMEOUT);
    let _ = socket.write_all(bytes);
    socket
}

/// Sends these bytes without TLS, and returns all that the server sends.
pub(super) fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = plain_client(address, &[]);
    let mut sender = socket.try_clone().unwrap();
    let mut answer = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            sender.write_all(bytes).unwrap();
            sender.shutdown(Shutdown::Write).unwrap();
        });
        socket.read_to_end(&mut answer).unwrap();
    });
    answer
}

/// A TLS client.
pub(super) struct TlsClient {
    pub(super) credentials: Credentials,
    pub(super) verifier: TestVerifier,
    pub(super) timeout: Duration,
}

impl TlsClient {
    /// Sends each of the sentences as a TLS record, and returns as many bytes of the echo.
    pub(super) fn exchange(&self, address: SocketAddr, sentences: &[&[u8]]) -> io::Result<Vec<u8>> {
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
        let connection = tls::client(&self.credentials.certified(), self.verifier, vec![PROTOCOL.into()]);
        let mut stream = StreamOwned::new(connection, with_timeouts(TcpStream::connect(address)?, self.timeout));
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}

/// Sets the socket's timeouts, and disables Nagle's algorithm.
pub(super) fn with_timeouts(socket: TcpStream, timeout: Duration) -> TcpStream {
    socket.set_read_timeout(Some(timeout)).unwrap();
    socket.set_write_timeout(Some(timeout)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}
