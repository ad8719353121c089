//! FTP commands that use a data connection.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::behavior::Reaction;
use super::session::{Session, session_over};
use super::stream::MaybeTlsStream;

impl Session {
    pub(super) fn listen(&mut self, verb: &str) -> io::Result<()> {
        let IpAddr::V4(address) = self.control.socket().local_addr()?.ip() else { return Err(session_over()) };
        let listener = TcpListener::bind((address, 0))?;
        let port = listener.local_addr()?.port();
        self.listener = Some(listener);
        let behavior = self.shared.behavior();
        let make = if verb == "EPSV" { &behavior.epsv } else { &behavior.pasv };
        let reply = make(address, port);
        self.reply(&reply)
    }

    /// Accepts the client's data connection after a 150 reply.
    fn open(&mut self, line: &str) -> io::Result<MaybeTlsStream> {
        let listener = self.listener.take().ok_or_else(session_over)?;
        self.reply("150 opening data connection")?;
        let data = MaybeTlsStream::plain(accept(&listener)?);
        let behavior = self.shared.behavior();
        match (behavior.reactions)(&format!("DATA {line}")) {
            Reaction::Close => return Err(session_over()),
            // The data connection stays open and idle.
            Reaction::Silence => while self.control.read(&mut [0; 64])? > 0 {},
            _ => {}
        }
        let own = self.shared.identity();
        let identity = if behavior.other_data_certificate { &self.shared.other_identity } else { &own };
        if self.protected { data.secured(&identity.tls) } else { Ok(data) }
    }

    pub(super) fn store(&mut self, line: &str, name: &str) -> io::Result<()> {
        let path = self.resolve(name);
        let offset = std::mem::take(&mut self.offset);
        let file = File::options().create(true).truncate(offset == 0).write(true).open(path);
        let mut file = match file {
            Ok(file) => file,
            Err(error) => return self.reply(&format!("550 {error}")),
        };
        file.seek(if line.starts_with("APPE") { SeekFrom::End(0) } else { SeekFrom::Start(offset) })?;
        let mut data = self.open(line)?;
        let received = &self.shared.received;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(_) => return self.reply("426 data connection closed"),
            };
            received.fetch_add(count as u64, Ordering::SeqCst);
            file.write_all(&buffer[..count])?;
        }
        drop(data);
        self.done(line)
    }

    /// Sends a file or a directory listing.
    pub(super) fn retrieve(&mut self, line: &str, verb: &str, argument: &str) -> io::Result<()> {
        let path = self.resolve(argument.trim_start_matches("-a "));
        let content = if verb == "RETR" {
            fs::read(path).map(|bytes| bytes[(self.offset as usize).min(bytes.len())..].to_vec())
        } else {
            fs::read_dir(path).map(|entries| entries.flat_map(|entry| list_line(verb, &entry.unwrap())).collect())
        };
        self.offset = 0;
        match content {
            Ok(bytes) => self.send(line, &bytes, &[]),
            Err(error) => self.reply(&format!("550 {error}")),
        }
    }

    /// Sends `bytes` over the data connection, then `endless` repeatedly unless it is empty.
    pub(super) fn send(&mut self, line: &str, bytes: &[u8], endless: &[u8]) -> io::Result<()> {
        let mut data = self.open(line)?;
        data.write_all(bytes)?;
        let flood = endless.repeat(1 + 65_536 / endless.len().max(1));
        while !endless.is_empty() && data.write_all(&flood).is_ok() {}
        let _ = data.close_write();
        drop(data);
        self.done(line)
    }

    /// Sends one byte every 100 ms, then ends the connection.
    pub(super) fn drip_data(&mut self, line: &str, bytes: &[u8]) -> io::Result<()> {
        let mut data = self.open(line)?;
        for byte in bytes {
            data.write_all(&[*byte])?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(session_over())
    }

    fn done(&mut self, line: &str) -> io::Result<()> {
        let event = format!("DONE {line}");
        match (self.shared.behavior().reactions)(&event) {
            Reaction::Correct => self.reply("226 done"),
            _ => self.react(&event),
        }
    }
}

/// Returns one line of a listing.
fn list_line(verb: &str, entry: &fs::DirEntry) -> Vec<u8> {
    let (name, meta) = (entry.file_name().into_string().unwrap(), entry.metadata().unwrap());
    let kind = if meta.is_dir() { ("dir", 'd') } else { ("file", '-') };
    let line = match verb {
        "MLSD" => format!("type={};size={}; {name}\r\n", kind.0, meta.len()),
        "LIST" => format!("{}rw-r--r-- 1 ada ada {} Jan 01 00:00 {name}\r\n", kind.1, meta.len()),
        _ => format!("{name}\r\n"),
    };
    line.into_bytes()
}

/// Accepts the client's connection within five seconds.
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
