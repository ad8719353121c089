//! TLS 1.3 configured as on hestat's links, and one side of such a connection.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig};

use super::verifier::TestVerifier;

/// Protocol names (ALPN) that a side offers or accepts.
pub(super) type ProtocolNames = Vec<Vec<u8>>;

/// Prefers X25519MLKEM768, which links require, but accepts X25519 too.
fn provider() -> Arc<CryptoProvider> {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
    Arc::new(CryptoProvider { kx_groups, ..default_provider() })
}

/// Configures the listening side, without session tickets.
pub(super) fn server_config(
    certified: &CertifiedKey,
    verifier: TestVerifier,
    names: ProtocolNames,
) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let certified = Arc::new(SingleCertAndKey::from(certified.clone()));
    let mut config = config.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(certified);
    config.send_tls13_tickets = 0;
    config.alpn_protocols = names;
    Arc::new(config)
}

/// Creates a client connection, before its handshake.
pub(super) fn client(certified: &CertifiedKey, verifier: TestVerifier, names: ProtocolNames) -> ClientConnection {
    let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let certified = Arc::new(SingleCertAndKey::from(certified.clone()));
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = config.with_client_cert_resolver(certified);
    config.alpn_protocols = names;
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

/// One side of a connection.
pub(super) struct TlsStream<S> {
    connection: Connection,
    pub(super) socket: S,
}

impl<S: Read + Write> TlsStream<S> {
    /// Completes the handshake, as far as this side can know.
    pub(super) fn handshake(connection: impl Into<Connection>, socket: S) -> io::Result<Self> {
        let mut stream = Self { connection: connection.into(), socket };
        while stream.connection.is_handshaking() {
            stream.connection.complete_io(&mut stream.socket)?;
        }
        stream.flush().map(|()| stream)
    }

    /// Returns the certificate that the peer presented.
    pub(super) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.connection.peer_certificates()?.first().cloned()
    }

    /// Returns the next bytes from the peer: none yet, or `None` at the end of the stream. An error is its rejection.
    pub(super) fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        let at_end = match self.connection.read_tls(&mut self.socket) {
            Ok(count) => count == 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => return Err(error),
        };
        let state = self.connection.process_new_packets().map_err(|error| self.send_alert(error))?;
        let mut bytes = vec![0; state.plaintext_bytes_to_read()];
        self.connection.reader().read_exact(&mut bytes)?;
        let ended = bytes.is_empty() && (at_end || state.peer_has_closed());
        Ok((!ended).then_some(bytes))
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for record in bytes.chunks(16 << 10) {
            self.connection.writer().write_all(record)?;
            self.flush()?;
        }
        Ok(())
    }

    /// Sends the alert that marks a complete end.
    pub(super) fn close_notify(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.flush()
    }

    /// Sends the peer the alert for this error.
    fn send_alert(&mut self, error: rustls::Error) -> io::Error {
        // The peer may have disconnected already.
        let _ = self.flush();
        io::Error::other(error)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}
