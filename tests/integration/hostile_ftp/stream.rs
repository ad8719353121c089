//! Connections with and without TLS, and the server's certificates.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A self-signed certificate and the TLS configuration that uses it.
pub(super) struct Identity {
    pub(super) fingerprint: String,
    pub(super) tls: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn new() -> Self {
        let names = ["localhost".into(), "127.0.0.1".into()];
        let certificate = rcgen::generate_simple_self_signed(names).unwrap();
        let fingerprint =
            digest(&SHA256, certificate.cert.der()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = PrivateKeyDer::Pkcs8(certificate.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let tls = Arc::new(config.with_single_cert(vec![certificate.cert.der().clone()], key).unwrap());
        Self { fingerprint, tls }
    }
}

/// A connection, encrypted or not.
pub(super) enum MaybeTlsStream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl MaybeTlsStream {
    /// Wraps a stream with timeouts, so that the threads of a test end.
    pub(super) fn plain(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::Plain(stream)
    }

    /// Performs the TLS handshake on this connection.
    pub(super) fn secured(&self, tls: &Arc<ServerConfig>) -> io::Result<Self> {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), self.socket().try_clone()?);
        stream.conn.complete_io(&mut stream.sock)?;
        Ok(Self::Tls(Box::new(stream)))
    }

    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Sends close_notify and closes the write side.
    pub(super) fn close_write(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
        }
        self.flush()?;
        self.socket().shutdown(std::net::Shutdown::Write)
    }

    /// Reads the next line, without its line break.
    pub(super) fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\r\n") {
            self.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        line.truncate(line.len() - 2);
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

impl Read for MaybeTlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for MaybeTlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
