//! A baseline: bytes sent through rustls alone by one thread and received by another, from memory to memory or from
//! file to file.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, Stream, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use crate::cores::seconds;

const NAME: &str = "localhost";

/// Size of each side's buffer in bytes.
const BUFFER: usize = 1 << 20;

/// The configuration of both ends of a TLS connection, with the cipher suite that hestat's client and server negotiate.
pub(crate) struct TlsBaseline {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl TlsBaseline {
    /// Returns the baseline for FTPS: TLS 1.2.
    pub(crate) fn for_ftps() -> Self {
        Self::of(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &rustls::version::TLS12)
    }

    /// Returns the baseline for message links: TLS 1.3.
    pub(crate) fn for_links() -> Self {
        Self::of(cipher_suite::TLS13_AES_256_GCM_SHA384, &rustls::version::TLS13)
    }

    fn of(suite: SupportedCipherSuite, version: &'static SupportedProtocolVersion) -> Self {
        let cipher_suites = vec![suite];
        let provider = Arc::new(CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() });
        let certified = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a valid host name");
        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).expect("a valid certificate");
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .map(|client| client.with_root_certificates(roots).with_no_client_auth());
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .and_then(|server| server.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key));
        let mut server = server.expect("consistent TLS parameters");
        // The client reads nothing here, and closing a socket with unread tickets would discard data that it has sent.
        server.send_tls13_tickets = 0;
        Self { client: Arc::new(client.expect("consistent TLS parameters")), server: Arc::new(server) }
    }

    /// Sends `bytes` bytes from memory over the loopback interface. Returns the seconds from connecting to the end.
    pub(crate) fn copy(&self, bytes: u64) -> f64 {
        let (mut remaining, mut received) = (bytes as usize, 0);
        let next = |buffer: &mut [u8]| {
            let count = remaining.min(buffer.len());
            remaining -= count;
            count
        };
        let seconds = self.transfer(next, |buffer| received += buffer.len() as u64, || {});
        assert_eq!(received, bytes);
        seconds
    }

    /// Sends a file and stores a copy. Returns the seconds until the copy is on the disk.
    pub(crate) fn copy_file(&self, from: &Path, to: &Path) -> f64 {
        let mut source = File::open(from).expect("the file exists");
        let copy = File::create(to).expect("the directory is writable");
        let next = |buffer: &mut [u8]| source.read(buffer).expect("the file is readable");
        let seconds = self.transfer(
            next,
            |buffer| (&copy).write_all(buffer).expect("there is enough space"),
            || copy.sync_all().expect("the file can be synced"),
        );
        assert_eq!(copy.metadata().expect("an open file").len(), source.metadata().expect("an open file").len());
        fs::remove_file(to).expect("it was just created");
        seconds
    }

    fn transfer(
        &self,
        next: impl FnMut(&mut [u8]) -> usize,
        consume: impl FnMut(&[u8]) + Send,
        finish: impl FnOnce() + Send,
    ) -> f64 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let address = listener.local_addr().expect("a bound listener");
        seconds(|| {
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    self.receive(listener.accept().expect("a client connects").0, consume);
                    finish();
                });
                self.send(TcpStream::connect(address).expect("the listener is open"), next);
                receiver.join().expect("the receiver does not panic");
            });
        })
    }

    fn send(&self, socket: TcpStream, mut next: impl FnMut(&mut [u8]) -> usize) {
        let name = ServerName::try_from(NAME).expect("a valid host name");
        let mut tls = ClientConnection::new(Arc::clone(&self.client), name).expect("a valid TLS configuration");
        tls.set_buffer_limit(Some(BUFFER));
        let mut socket = Buffered::new(socket);
        let mut stream = Stream::new(&mut tls, &mut socket);
        let mut buffer = vec![7; BUFFER];
        loop {
            match next(&mut buffer) {
                0 => break,
                count => stream.write_all(black_box(&buffer[..count])).expect("the peer reads"),
            }
        }
        stream.conn.send_close_notify();
        stream.flush().expect("the peer reads");
    }

    fn receive(&self, socket: TcpStream, mut consume: impl FnMut(&[u8])) {
        let mut tls = ServerConnection::new(Arc::clone(&self.server)).expect("a valid TLS configuration");
        let mut socket = Buffered::new(socket);
        let mut stream = Stream::new(&mut tls, &mut socket);
        let mut buffer = vec![0; BUFFER];
        loop {
            match stream.read(black_box(&mut buffer)).expect("the peer sends") {
                0 => return,
                count => consume(&buffer[..count]),
            }
        }
    }
}

/// rustls reads 4 KiB at a time from a socket; this wrapper reads up to [`BUFFER`] bytes from the kernel.
struct Buffered(BufReader<TcpStream>);

impl Buffered {
    fn new(socket: TcpStream) -> Self {
        socket.set_nodelay(true).expect("an open file");
        Self(BufReader::with_capacity(BUFFER, socket))
    }
}

impl Read for Buffered {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get_mut().write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.get_mut().write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
