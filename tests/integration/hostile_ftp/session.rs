//! One control connection: receives the client's commands and reacts as the server's behavior demands.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::behavior::Reaction;
use super::server::{PASSWORD, Shared, USER};
use super::stream::MaybeTlsStream;

pub(super) struct Session {
    pub(super) control: MaybeTlsStream,
    pub(super) shared: Arc<Shared>,
    /// Listens for data connections, from PASV or EPSV until the command that uses it.
    pub(super) listener: Option<TcpListener>,
    /// Whether data connections are encrypted.
    pub(super) protected: bool,
    /// Set by REST for the next transfer.
    pub(super) offset: u64,
    /// Set by RNFR for RNTO.
    pub(super) rename_from: Option<PathBuf>,
    pub(super) directory: String,
}

/// The error that ends a session on purpose.
pub(super) fn session_over() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl Session {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let control = MaybeTlsStream::plain(stream);
        let directory = "/".into();
        Self { control, shared, listener: None, protected: false, offset: 0, rename_from: None, directory }
    }

    /// Serves the client until one side disconnects.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.react("GREETING")?;
        loop {
            let line = self.control.line()?;
            self.shared.record(&line);
            self.react(&line)?;
        }
    }

    pub(super) fn react(&mut self, line: &str) -> io::Result<()> {
        match (self.shared.behavior().reactions)(line) {
            Reaction::Correct => self.react_correctly(line),
            Reaction::Send(bytes) => self.control.write_all(&bytes),
            Reaction::SendFirst(bytes) => self.control.write_all(&bytes).and_then(|()| self.react_correctly(line)),
            Reaction::Close => Err(session_over()),
            Reaction::Silence => self.wait(),
            Reaction::Endless(bytes) => self.flood(&bytes.repeat(1 + 8192 / bytes.len())),
            Reaction::Drip(bytes) => self.drip(&bytes),
            Reaction::Instead(other) => self.react_correctly(&other),
            Reaction::Data { bytes, endless } => self.send(line, &bytes, &endless),
            Reaction::DripData(bytes) => self.drip_data(line, &bytes),
        }
    }

    /// Waits until the client disconnects, at most ten seconds.
    fn wait(&mut self) -> io::Result<()> {
        while self.control.read(&mut [0; 64])? > 0 {}
        Err(session_over())
    }

    fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.control.write_all(bytes)?;
        }
    }

    /// Sends one byte every 100 ms.
    fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes.iter().cycle() {
            self.control.write_all(&[*byte])?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    pub(super) fn reply(&mut self, reply: &str) -> io::Result<()> {
        self.control.write_all(format!("{reply}\r\n").as_bytes())
    }

    /// Reacts like a correct server.
    fn react_correctly(&mut self, line: &str) -> io::Result<()> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "GREETING" => self.reply("220 ready"),
            "AUTH" => self.secure(),
            "USER" => self.reply(if argument == USER { "331 password?" } else { "530 no" }),
            "PASS" => self.reply(if argument == PASSWORD { "230 logged in" } else { "530 no" }),
            "PROT" => {
                self.protected = argument == "P";
                self.reply("200 OK")
            }
            "TYPE" | "MODE" | "STRU" | "NOOP" | "OPTS" | "PBSZ" | "ALLO" | "CLNT" => self.reply("200 OK"),
            "SYST" => self.reply("215 UNIX Type: L8"),
            "FEAT" => self.reply("211-Features:\r\n AUTH TLS\r\n EPSV\r\n PASV\r\n REST STREAM\r\n SIZE\r\n211 End"),
            "QUIT" => self.reply("221 bye").and(Err(session_over())),
            "EPSV" | "PASV" => self.listen(verb),
            "STOR" | "APPE" => self.store(line, argument),
            "RETR" | "NLST" | "LIST" | "MLSD" => self.retrieve(line, verb, argument),
            _ => self.file_command(verb, argument),
        }
    }

    fn secure(&mut self) -> io::Result<()> {
        self.reply("234 begin TLS")?;
        self.control = self.control.secured(&self.shared.identity().tls)?;
        Ok(())
    }
}
