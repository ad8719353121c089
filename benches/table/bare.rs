//! The same bytes through rustls alone: one thread that sends and one that receives, without a disk or from file to file.

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

/// Bytes that each side handles at a time.
const PIECE: usize = 1 << 20;

/// Both ends of a TLS connection with the cipher suite that hestat's own two ends agree on.
pub(crate) struct Bare {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Bare {
    /// TLS 1.2, as FTPS has it.
    pub(crate) fn of_ftps() -> Self {
        Self::of(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &rustls::version::TLS12)
    }

    /// TLS 1.3, as links have it.
    pub(crate) fn of_links() -> Self {
        Self::of(cipher_suite::TLS13_AES_256_GCM_SHA384, &rustls::version::TLS13)
    }

    fn of(suite: SupportedCipherSuite, version: &'static SupportedProtocolVersion) -> Self {
        let cipher_suites = vec![suite];
        let provider = Arc::new(CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() });
        let own = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("it is a name");
        let mut roots = RootCertStore::empty();
        roots.add(own.cert.der().clone()).expect("it is a certificate");
        let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .map(|client| client.with_root_certificates(roots).with_no_client_auth());
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .and_then(|server| server.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key));
        let mut server = server.expect("they go together");
        // The client here reads nothing, and a socket that is closed with something to read takes back what it has sent.
        server.send_tls13_tickets = 0;
        Self { client: Arc::new(client.expect("they go together")), server: Arc::new(server) }
    }

    /// Seconds until `bytes` bytes of memory have gone over the loopback interface, from connecting to the end.
    pub(crate) fn copy(&self, bytes: u64) -> f64 {
        let (mut left, mut received) = (bytes as usize, 0);
        let next = |piece: &mut [u8]| {
            let count = left.min(piece.len());
            left -= count;
            count
        };
        let seconds = self.transfer(next, |piece| received += piece.len() as u64, || {});
        assert_eq!(received, bytes);
        seconds
    }

    /// Seconds until the same has happened to a file, and its copy is on the disk.
    pub(crate) fn copy_file(&self, from: &Path, to: &Path) -> f64 {
        let mut source = File::open(from).expect("the file is there");
        let copy = File::create(to).expect("the directory can be written to");
        let next = |piece: &mut [u8]| source.read(piece).expect("it can be read");
        let seconds = self.transfer(
            next,
            |piece| (&copy).write_all(piece).expect("there is room"),
            || copy.sync_all().expect("the disk works"),
        );
        assert_eq!(copy.metadata().expect("it is open").len(), source.metadata().expect("it is open").len());
        fs::remove_file(to).expect("it was just made");
        seconds
    }

    fn transfer(
        &self,
        next: impl FnMut(&mut [u8]) -> usize,
        took: impl FnMut(&[u8]) + Send,
        end: impl FnOnce() + Send,
    ) -> f64 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let address = listener.local_addr().expect("it was bound");
        seconds(|| {
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    self.receive(listener.accept().expect("somebody comes").0, took);
                    end();
                });
                self.send(TcpStream::connect(address).expect("it listens"), next);
                receiver.join().expect("it does not panic");
            });
        })
    }

    fn send(&self, socket: TcpStream, mut next: impl FnMut(&mut [u8]) -> usize) {
        let name = ServerName::try_from(NAME).expect("it is a name");
        let mut tls = ClientConnection::new(Arc::clone(&self.client), name).expect("it can begin");
        tls.set_buffer_limit(Some(PIECE));
        let mut socket = Buffered::new(socket);
        let mut stream = Stream::new(&mut tls, &mut socket);
        let mut piece = vec![7; PIECE];
        loop {
            match next(&mut piece) {
                0 => break,
                count => stream.write_all(black_box(&piece[..count])).expect("it is taken"),
            }
        }
        stream.conn.send_close_notify();
        stream.flush().expect("it is taken");
    }

    fn receive(&self, socket: TcpStream, mut took: impl FnMut(&[u8])) {
        let mut tls = ServerConnection::new(Arc::clone(&self.server)).expect("it can begin");
        let mut socket = Buffered::new(socket);
        let mut stream = Stream::new(&mut tls, &mut socket);
        let mut piece = vec![0; PIECE];
        loop {
            match stream.read(black_box(&mut piece)).expect("it comes") {
                0 => return,
                count => took(&piece[..count]),
            }
        }
    }
}

/// rustls asks a socket for 4 KiB at a time; this one asks the kernel for more.
struct Buffered(BufReader<TcpStream>);

impl Buffered {
    fn new(socket: TcpStream) -> Self {
        socket.set_nodelay(true).expect("it is open");
        Self(BufReader::with_capacity(PIECE, socket))
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

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.get_mut().write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
