//! The proxy does to bytes what it says, and nothing else.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::proxy::{Ports, Proxy};
use super::weather::{Channel, Ending, Fate, Fault, Weather};

/// A server that says what it hears, behind a proxy with one fault.
struct Echo {
    proxy: Proxy,
    ports: Ports,
}

impl Echo {
    fn behind(fault: impl Into<Option<Fate>>) -> Self {
        let ports = Ports::free();
        let listener = TcpListener::bind(ports.listen_address()).unwrap();
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        let proxy = Proxy::start(&ports);
        proxy.set_weather(Weather::only(Channel::Control, fault.into()));
        Self { proxy, ports }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).unwrap()
    }

    /// Says a thousand bytes, and gives what comes back until the end.
    fn answer(&self) -> (Vec<u8>, io::Result<()>) {
        let mut stream = self.connect();
        let mut heard = Vec::new();
        let said = stream.write_all(&[7; 1000]).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
        let ended = said.and_then(|()| stream.read_to_end(&mut heard).map(drop));
        (heard, ended)
    }
}

fn after(after: u64, fault: Fault) -> Fate {
    Fate { after, fault }
}

#[test]
fn everything_passes_in_calm_weather() {
    let echo = Echo::behind(None);
    let (heard, ended) = echo.answer();
    ended.unwrap();
    assert!(heard == vec![7; 1000] && echo.proxy.recording() == vec![7; 2000]);
    // On the ports for data too, and to the address of the server.
    let data = TcpListener::bind((echo.ports.server, *echo.ports.passive.end())).unwrap();
    let mut client = TcpStream::connect((echo.proxy.address().ip(), *echo.ports.passive.end())).unwrap();
    client.write_all(b"data").unwrap();
    drop(client);
    let mut heard = String::new();
    let (mut stream, from) = data.accept().unwrap();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!((heard.as_str(), from.ip().to_string().as_str()), ("data", "127.0.0.1"));
    assert_eq!(echo.proxy.struck(), 0);
}

#[test]
fn a_cut_lets_exactly_so_many_bytes_pass() {
    for bytes in [1000, 1001, 1500, 1999] {
        let echo = Echo::behind(after(bytes, Fault::Cut(Ending::Close)));
        let (heard, ended) = echo.answer();
        ended.unwrap();
        assert_eq!((heard.len() as u64, echo.proxy.recording().len() as u64), (bytes - 1000, bytes));
        assert_eq!(echo.proxy.struck(), 1);
    }
}

#[test]
fn a_reset_is_no_end_in_order() {
    let echo = Echo::behind(after(0, Fault::Cut(Ending::Reset)));
    let (heard, ended) = echo.answer();
    assert!(heard.is_empty());
    assert!(ended.is_err());
}

#[test]
fn an_outage_is_for_all() {
    let echo = Echo::behind(after(1000, Fault::CutAll(Ending::Close)));
    let mut first = echo.connect();
    first.write_all(&[1; 10]).unwrap();
    let mut second = echo.connect();
    // The first connection has the fault; the second goes with it.
    crate::sandbox::wait_until("the first bytes", || echo.proxy.recording_length() >= 20);
    second.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    first.write_all(&[1; 1000]).unwrap();
    assert!(matches!(second.read(&mut [0; 10]), Ok(0) | Err(_)));
}

#[test]
fn a_stall_passes_and_a_slow_connection_is_slow() {
    let stall = Duration::from_millis(300);
    for fault in [Fault::Stall(stall), Fault::Slow(5000)] {
        let echo = Echo::behind(after(500, fault));
        let start = Instant::now();
        let (heard, ended) = echo.answer();
        ended.unwrap();
        assert!(heard.len() == 1000 && start.elapsed() >= stall, "{fault:?}: {:?}", start.elapsed());
    }
}
