//! A client that can say anything at any time.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::wire::Wire;
use crate::sandbox::TestServer;

/// The code that stands for a connection that is closed.
pub(super) const CLOSED: u16 = 0;

/// Another address than the honest client's.
pub(super) const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A control connection.
pub(super) struct Client {
    wire: Option<Wire>,
    from: IpAddr,
    server: SocketAddr,
    heard: Vec<u8>,
}

impl Client {
    /// Connects and says nothing; the greeting, if any, is not read.
    pub(super) fn silent(served: &TestServer, from: IpAddr) -> Self {
        let address = served.address();
        Self { wire: Some(Wire::dial(from, address).unwrap()), from, server: address, heard: Vec::new() }
    }

    /// Connects and is greeted.
    pub(super) fn greeted(served: &TestServer) -> Self {
        let mut client = Self::silent(served, Ipv4Addr::LOCALHOST.into());
        assert_eq!(client.reply(), 220);
        client
    }

    /// Under TLS, not logged in.
    pub(super) fn secured(served: &TestServer) -> Self {
        let mut client = Self::greeted(served);
        client.secure();
        client
    }

    /// Logged in, with data under TLS.
    pub(super) fn member(served: &TestServer) -> Self {
        let mut client = Self::secured(served);
        assert_eq!(client.login("hestat", &served.password()), 230);
        assert_eq!((client.say("PBSZ 0"), client.say("PROT P")), (200, 200));
        client
    }

    /// Begins TLS.
    pub(super) fn secure(&mut self) {
        assert_eq!(self.say("AUTH TLS"), 234);
        self.wire = self.wire.take().map(|wire| wire.secure().unwrap());
    }

    /// Tries to log in; the code of the answer to the password.
    pub(super) fn login(&mut self, user: &str, password: &str) -> u16 {
        match self.say(&format!("USER {user}")) {
            331 => self.say(&format!("PASS {password}")),
            code => code,
        }
    }

    /// The connection itself.
    pub(super) fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().unwrap()
    }

    /// Sends bytes as they are.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire().write_all(bytes)?;
        self.wire().flush()
    }

    /// Sends a command; the code of its answer.
    #[track_caller]
    pub(super) fn say(&mut self, command: &str) -> u16 {
        // If the server has closed the connection, the missing answer tells.
        self.send(format!("{command}\r\n").as_bytes()).ok();
        self.reply()
    }

    /// Reads until the server has said something, or has gone.
    pub(super) fn wait_for_greeting(&mut self) {
        self.line();
    }

    /// The code of the next answer, of one line or more.
    pub(super) fn reply(&mut self) -> u16 {
        self.reply_text().get(..3).map_or(CLOSED, |code| code.parse().unwrap())
    }

    /// The last line of the next answer; nothing if the connection was closed.
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
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            if !self.hear() {
                return None;
            }
        }
    }

    /// Reads what there is; whether the connection is open still.
    fn hear(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.wire().read(&mut bytes) {
            Ok(count) => {
                self.heard.extend_from_slice(&bytes[..count]);
                count > 0
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("the server leaves us waiting"),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error) => {
                eprintln!("the connection has ended: {error}");
                false
            }
        }
    }

    /// Waits until the server closes the connection, whatever it says before.
    pub(super) fn wait_for_end(&mut self) {
        while self.hear() {}
    }

    /// The connection, when all is said.
    pub(super) fn into_wire(mut self) -> Wire {
        self.wire.take().unwrap()
    }

    /// Asks for a port for data.
    pub(super) fn passive(&mut self) -> SocketAddr {
        self.send(b"EPSV\r\n").unwrap();
        let reply = self.reply_text();
        assert!(reply.starts_with("229 "), "{reply}");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        SocketAddr::new(self.server.ip(), port)
    }

    /// A data connection in plain, which the server does not know of yet.
    pub(super) fn dial_data(&mut self) -> Wire {
        let to = self.passive();
        Wire::dial(self.from, to).unwrap()
    }

    /// Begins a transfer; the data connection, or the code of the refusal.
    pub(super) fn open(&mut self, command: &str) -> Result<Wire, u16> {
        let data = self.dial_data();
        match self.say(command) {
            150 => Ok(data.secure().unwrap()),
            code => Err(code),
        }
    }

    /// Sends a file; the code of the last answer.
    pub(super) fn store(&mut self, command: &str, content: &[u8]) -> u16 {
        let mut data = match self.open(command) {
            Ok(data) => data,
            Err(code) => return code,
        };
        // A server that breaks off says why on the control connection.
        data.write_all(content).and_then(|()| data.finish()).ok();
        self.reply()
    }

    /// Fetches a file or a list.
    pub(super) fn fetch(&mut self, command: &str) -> Result<Vec<u8>, u16> {
        let mut content = Vec::new();
        self.open(command)?.read_to_end(&mut content).unwrap();
        match self.reply() {
            226 => Ok(content),
            code => Err(code),
        }
    }
}
