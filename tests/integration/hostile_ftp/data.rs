//! Commands that move data.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::manner::Answer;
use super::session::{Session, over};
use super::wire::Wire;

impl Session {
    pub(super) fn listen(&mut self, verb: &str) -> io::Result<()> {
        let IpAddr::V4(address) = self.control.socket().local_addr()?.ip() else { return Err(over()) };
        let listener = TcpListener::bind((address, 0))?;
        let port = listener.local_addr()?.port();
        self.listener = Some(listener);
        let manner = self.known.manner();
        let make = if verb == "EPSV" { &manner.epsv } else { &manner.pasv };
        let reply = make(address, port);
        self.reply(&reply)
    }

    /// The client's data connection, once the client has heard that the file is all right.
    fn open(&mut self, line: &str) -> io::Result<Wire> {
        let listener = self.listener.take().ok_or_else(over)?;
        self.reply("150 here it comes")?;
        let data = Wire::plain(accept(&listener)?);
        let manner = self.known.manner();
        match (manner.trick)(&format!("DATA {line}")) {
            Answer::Close => return Err(over()),
            // The data connection is there, and nothing happens on it.
            Answer::Silence => while self.control.read(&mut [0; 64])? > 0 {},
            _ => {}
        }
        let own = self.known.identity();
        let identity = if manner.two_faced { &self.known.other_identity } else { &own };
        if self.protected { data.secured(&identity.tls) } else { Ok(data) }
    }

    pub(super) fn store(&mut self, line: &str, name: &str) -> io::Result<()> {
        let place = self.place(name);
        let offset = std::mem::take(&mut self.offset);
        let file = File::options().create(true).truncate(offset == 0).write(true).open(place);
        let mut file = match file {
            Ok(file) => file,
            Err(error) => return self.reply(&format!("550 {error}")),
        };
        file.seek(if line.starts_with("APPE") { SeekFrom::End(0) } else { SeekFrom::Start(offset) })?;
        let mut data = self.open(line)?;
        let received = &self.known.received;
        let mut piece = vec![0; 1 << 16];
        loop {
            let count = match data.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(_) => return self.reply("426 the data connection broke"),
            };
            received.fetch_add(count as u64, Ordering::SeqCst);
            file.write_all(&piece[..count])?;
        }
        drop(data);
        self.done(line)
    }

    /// A file, or the names in a folder.
    pub(super) fn give(&mut self, line: &str, verb: &str, argument: &str) -> io::Result<()> {
        let place = self.place(argument.trim_start_matches("-a "));
        let content = if verb == "RETR" {
            fs::read(place).map(|bytes| bytes[(self.offset as usize).min(bytes.len())..].to_vec())
        } else {
            fs::read_dir(place).map(|entries| entries.flat_map(|entry| listed(verb, &entry.unwrap())).collect())
        };
        self.offset = 0;
        match content {
            Ok(bytes) => self.send(line, &bytes, &[]),
            Err(error) => self.reply(&format!("550 {error}")),
        }
    }

    /// Sends `bytes` over the data connection, and after them `endless` again and again if there is any of it.
    pub(super) fn send(&mut self, line: &str, bytes: &[u8], endless: &[u8]) -> io::Result<()> {
        let mut data = self.open(line)?;
        data.write_all(bytes)?;
        let flood = endless.repeat(1 + 65_536 / endless.len().max(1));
        while !endless.is_empty() && data.write_all(&flood).is_ok() {}
        drop(data.say_goodbye());
        drop(data);
        self.done(line)
    }

    /// Its slowness is the trick.
    pub(super) fn drip_data(&mut self, line: &str, bytes: &[u8]) -> io::Result<()> {
        let mut data = self.open(line)?;
        for byte in bytes {
            data.write_all(&[*byte])?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(over())
    }

    fn done(&mut self, line: &str) -> io::Result<()> {
        let asked = format!("DONE {line}");
        match (self.known.manner().trick)(&asked) {
            Answer::Honest => self.reply("226 done"),
            _ => self.react(&asked),
        }
    }
}

/// One line of a listing.
fn listed(verb: &str, entry: &fs::DirEntry) -> Vec<u8> {
    let (name, meta) = (entry.file_name().into_string().unwrap(), entry.metadata().unwrap());
    let kind = if meta.is_dir() { ("dir", 'd') } else { ("file", '-') };
    let line = match verb {
        "MLSD" => format!("type={};size={}; {name}\r\n", kind.0, meta.len()),
        "LIST" => format!("{}rw-r--r-- 1 ada ada {} Jan 01 00:00 {name}\r\n", kind.1, meta.len()),
        _ => format!("{name}\r\n"),
    };
    line.into_bytes()
}

/// The client's connection; waits five seconds for it.
fn accept(listener: &TcpListener) -> io::Result<std::net::TcpStream> {
    listener.set_nonblocking(true)?;
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        match listener.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            outcome => {
                let (stream, _) = outcome?;
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
        }
    }
}
