//! One control connection: what the client says, and what the peer's manner makes of it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::manner::Answer;
use super::peer::{Known, PASSWORD, USER};
use super::wire::Wire;

pub(super) struct Session {
    pub(super) control: Wire,
    pub(super) known: Arc<Known>,
    /// Where data connections come in, from PASV or EPSV to the command that uses it.
    pub(super) listener: Option<TcpListener>,
    /// Whether data connections are encrypted.
    pub(super) protected: bool,
    /// From REST to the command that uses it.
    pub(super) offset: u64,
    /// From RNFR to RNTO.
    pub(super) renamed: Option<PathBuf>,
    pub(super) folder: String,
}

/// The connection is over, as the manner wants it.
pub(super) fn over() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl Session {
    pub(super) fn new(stream: TcpStream, known: Arc<Known>) -> Self {
        let control = Wire::plain(stream);
        let folder = "/".into();
        Self { control, known, listener: None, protected: false, offset: 0, renamed: None, folder }
    }

    /// Talks until one side breaks off.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.react("GREETING")?;
        loop {
            let line = self.control.line()?;
            self.known.hear(&line);
            self.react(&line)?;
        }
    }

    pub(super) fn react(&mut self, line: &str) -> io::Result<()> {
        match (self.known.manner().trick)(line) {
            Answer::Honest => self.obey(line),
            Answer::Say(bytes) => self.control.write_all(&bytes),
            Answer::SayFirst(bytes) => self.control.write_all(&bytes).and_then(|()| self.obey(line)),
            Answer::Close => Err(over()),
            Answer::Silence => self.wait(),
            Answer::Endless(bytes) => self.flood(&bytes.repeat(1 + 8192 / bytes.len())),
            Answer::Drip(bytes) => self.drip(&bytes),
            Answer::Instead(other) => self.obey(&other),
            Answer::Data { bytes, endless } => self.send(line, &bytes, &endless),
            Answer::DripData(bytes) => self.drip_data(line, &bytes),
        }
    }

    /// Until the client leaves, or for ten seconds.
    fn wait(&mut self) -> io::Result<()> {
        while self.control.read(&mut [0; 64])? > 0 {}
        Err(over())
    }

    fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.control.write_all(bytes)?;
        }
    }

    /// Its slowness is the trick.
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

    /// As an honest server does.
    fn obey(&mut self, line: &str) -> io::Result<()> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "GREETING" => self.reply("220 ready"),
            "AUTH" => self.secure(),
            "USER" => self.reply(if argument == USER { "331 password?" } else { "530 no" }),
            "PASS" => self.reply(if argument == PASSWORD { "230 welcome" } else { "530 no" }),
            "PROT" => {
                self.protected = argument == "P";
                self.reply("200 so be it")
            }
            "TYPE" | "MODE" | "STRU" | "NOOP" | "OPTS" | "PBSZ" | "ALLO" | "CLNT" => self.reply("200 so be it"),
            "SYST" => self.reply("215 UNIX Type: L8"),
            "FEAT" => self.reply("211-Features:\r\n AUTH TLS\r\n EPSV\r\n PASV\r\n REST STREAM\r\n SIZE\r\n211 End"),
            "QUIT" => self.reply("221 bye").and(Err(over())),
            "EPSV" | "PASV" => self.listen(verb),
            "STOR" | "APPE" => self.store(line, argument),
            "RETR" | "NLST" | "LIST" | "MLSD" => self.give(line, verb, argument),
            _ => self.keep_house(verb, argument),
        }
    }

    fn secure(&mut self) -> io::Result<()> {
        self.reply("234 go on")?;
        self.control = self.control.secured(&self.known.identity().tls)?;
        Ok(())
    }
}
