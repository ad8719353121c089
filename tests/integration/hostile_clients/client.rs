//! An FTP client that can send anything at any time.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::stream::Stream;
use crate::sandbox::TestServer;

/// Returned instead of a reply code if the connection was closed.
pub(super) const CLOSED: u16 = 0;

/// A different client address from the honest client's.
pub(super) const OTHER_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A client with its control connection.
pub(super) struct Client {
    stream: Option<Stream>,
    from: IpAddr,
    server: SocketAddr,
    received: Vec<u8>,
}

impl Client {
    /// Connects without sending anything or reading the greeting.
    pub(super) fn connected(served: &TestServer, from: IpAddr) -> Self {
        let address = served.address();
        Self { stream: Some(Stream::connect(from, address).unwrap()), from, server: address, received: Vec::new() }
    }

    /// Connects and reads the greeting.
    pub(super) fn greeted(served: &TestServer) -> Self {
        let mut client = Self::connected(served, Ipv4Addr::LOCALHOST.into());
        assert_eq!(client.reply(), 220);
        client
    }

    /// Connects and starts TLS, without a login.
    pub(super) fn secured(served: &TestServer) -> Self {
        let mut client = Self::greeted(served);
        client.secure();
        client
    }

    /// Connects, starts TLS, logs in and protects the data connections.
    pub(super) fn logged_in(served: &TestServer) -> Self {
        let mut client = Self::secured(served);
        assert_eq!(client.login("hestat", &served.password()), 230);
        assert_eq!((client.command("PBSZ 0"), client.command("PROT P")), (200, 200));
        client
    }

    /// Starts TLS.
    pub(super) fn secure(&mut self) {
        assert_eq!(self.command("AUTH TLS"), 234);
        self.stream = self.stream.take().map(|stream| stream.secure().unwrap());
    }

    /// Tries to log in. Returns the code of the last reply.
    pub(super) fn login(&mut self, user: &str, password: &str) -> u16 {
        match self.command(&format!("USER {user}")) {
            331 => self.command(&format!("PASS {password}")),
            code => code,
        }
    }

    /// Returns the connection itself.
    pub(super) fn stream(&mut self) -> &mut Stream {
        self.stream.as_mut().unwrap()
    }

    /// Sends bytes unchanged.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream().write_all(bytes)?;
        self.stream().flush()
    }

    /// Sends a command. Returns the code of its reply.
    #[track_caller]
    pub(super) fn command(&mut self, command: &str) -> u16 {
        // If the server has closed the connection, reading the reply shows it.
        let _ = self.send(format!("{command}\r\n").as_bytes());
        self.reply()
    }

    /// Waits until the server has sent a line or closed the connection.
    pub(super) fn wait_for_greeting(&mut self) {
        self.line();
    }

    /// Returns the code of the next reply, which may have several lines.
    pub(super) fn reply(&mut self) -> u16 {
        self.reply_text().get(..3).map_or(CLOSED, |code| code.parse().unwrap())
    }

    /// Returns the last line of the next reply, or an empty string if the connection was closed.
    pub(super) fn reply_text(&mut self) -> String {
        loop {
            let Some(line) = self.line() else { return String::new() };
            let is_last = line.len() >= 4 && line.as_bytes()[3] == b' ' && line.as_bytes()[0].is_ascii_digit();
            if is_last {
                return line;
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            if !self.receive() {
                return None;
            }
        }
    }

    /// Reads available bytes. Returns whether the connection is still open.
    fn receive(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.stream().read(&mut bytes) {
            Ok(count) => {
                self.received.extend_from_slice(&bytes[..count]);
                count > 0
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("the server does not reply in time"),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error) => {
                eprintln!("the connection was closed: {error}");
                false
            }
        }
    }

    /// Waits until the server closes the connection.
    pub(super) fn wait_for_end(&mut self) {
        while self.receive() {}
    }

    /// Returns the connection itself, for uses that need no more replies.
    pub(super) fn into_stream(mut self) -> Stream {
        self.stream.take().unwrap()
    }

    /// Requests a data port.
    pub(super) fn passive(&mut self) -> SocketAddr {
        self.send(b"EPSV\r\n").unwrap();
        let reply = self.reply_text();
        assert!(reply.starts_with("229 "), "{reply}");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        SocketAddr::new(self.server.ip(), port)
    }

    /// Opens a data connection without TLS. No transfer uses it yet.
    pub(super) fn connect_data(&mut self) -> Stream {
        let to = self.passive();
        Stream::connect(self.from, to).unwrap()
    }

    /// Begins a transfer. Returns the data connection, or the code of the refusal.
    pub(super) fn open(&mut self, command: &str) -> Result<Stream, u16> {
        let data = self.connect_data();
        match self.command(command) {
            150 => Ok(data.secure().unwrap()),
            code => Err(code),
        }
    }

    /// Uploads a file. Returns the code of the last reply.
    pub(super) fn store(&mut self, command: &str, content: &[u8]) -> u16 {
        let mut data = match self.open(command) {
            Ok(data) => data,
            Err(code) => return code,
        };
        // If the server aborts, it reports the reason on the control connection.
        let _ = data.write_all(content).and_then(|()| data.finish());
        self.reply()
    }

    /// Downloads a file or a listing.
    pub(super) fn fetch(&mut self, command: &str) -> Result<Vec<u8>, u16> {
        let mut content = Vec::new();
        self.open(command)?.read_to_end(&mut content).unwrap();
        match self.reply() {
            226 => Ok(content),
            code => Err(code),
        }
    }
}
