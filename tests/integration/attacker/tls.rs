//! TLS 1.3 as our links have it, and one side of such a connection.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig};

use super::belief::Belief;

/// Names of protocols (ALPN), as each side offers or takes them.
pub(super) type Names = Vec<Vec<u8>>;

/// X25519MLKEM768 first, as our links ask for it; who wants less gets it.
fn provider() -> Arc<CryptoProvider> {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
    Arc::new(CryptoProvider { kx_groups, ..default_provider() })
}

/// The listening side, without session tickets.
pub(super) fn server_config(shown: &CertifiedKey, belief: Belief, names: Names) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let shown = Arc::new(SingleCertAndKey::from(shown.clone()));
    let mut config = config.with_client_cert_verifier(Arc::new(belief)).with_cert_resolver(shown);
    config.send_tls13_tickets = 0;
    config.alpn_protocols = names;
    Arc::new(config)
}

/// A connection of the connecting side.
pub(super) fn client(shown: &CertifiedKey, belief: Belief, names: Names) -> ClientConnection {
    let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let shown = Arc::new(SingleCertAndKey::from(shown.clone()));
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(belief));
    let mut config = config.with_client_cert_resolver(shown);
    config.alpn_protocols = names;
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

/// One side of a connection.
pub(super) struct Side<S> {
    connection: Connection,
    pub(super) socket: S,
}

impl<S: Read + Write> Side<S> {
    /// Once both sides have shaken hands, as far as this one can know.
    pub(super) fn shake_hands(connection: impl Into<Connection>, socket: S) -> io::Result<Self> {
        let mut side = Self { connection: connection.into(), socket };
        while side.connection.is_handshaking() {
            side.connection.complete_io(&mut side.socket)?;
        }
        side.send().map(|()| side)
    }

    /// What the other side has shown.
    pub(super) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.connection.peer_certificates()?.first().cloned()
    }

    /// What the other side says next; it may have said nothing yet. None at its end. An error is its refusal.
    pub(super) fn hear(&mut self) -> io::Result<Option<Vec<u8>>> {
        let at_end = match self.connection.read_tls(&mut self.socket) {
            Ok(count) => count == 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => return Err(error),
        };
        let state = self.connection.process_new_packets().map_err(|error| self.complain(error))?;
        let mut bytes = vec![0; state.plaintext_bytes_to_read()];
        self.connection.reader().read_exact(&mut bytes)?;
        let ended = bytes.is_empty() && (at_end || state.peer_has_closed());
        Ok((!ended).then_some(bytes))
    }

    pub(super) fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(16 << 10) {
            self.connection.writer().write_all(piece)?;
            self.send()?;
        }
        Ok(())
    }

    /// Says that nothing is missing at the end.
    pub(super) fn say_goodbye(&mut self) -> io::Result<()> {
        self.connection.send_close_notify();
        self.send()
    }

    /// Tells the other side what was wrong.
    fn complain(&mut self, error: rustls::Error) -> io::Error {
        // It may be gone.
        drop(self.send());
        io::Error::other(error)
    }

    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}
