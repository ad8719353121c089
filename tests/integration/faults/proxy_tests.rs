//! Tests of the proxy: it injects the planned faults and changes nothing else.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::fault_plan::{Channel, Ending, Fault, FaultPlan, ScheduledFault};
use super::proxy::{Ports, Proxy};
use crate::sandbox::wait_until;

/// An echo server behind a proxy with one fault.
struct Echo {
    proxy: Proxy,
    ports: Ports,
}

impl Echo {
    fn behind(fault: impl Into<Option<ScheduledFault>>) -> Self {
        let ports = Ports::free();
        let listener = TcpListener::bind(ports.listen_address()).unwrap();
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        let proxy = Proxy::start(&ports);
        proxy.set_fault_plan(FaultPlan::only(Channel::Control, fault.into()));
        Self { proxy, ports }
    }

    fn connect(&self) -> TcpStream {
        with_timeout(TcpStream::connect(self.proxy.address()).unwrap())
    }

    /// Sends 1000 bytes and returns what comes back until the end.
    fn exchange(&self) -> (Vec<u8>, io::Result<()>) {
        let mut stream = self.connect();
        let mut received = Vec::new();
        let sent = stream.write_all(&[7; 1000]).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
        let ended = sent.and_then(|()| stream.read_to_end(&mut received).map(drop));
        (received, ended)
    }
}

/// Limits how long the test waits for bytes.
fn with_timeout(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn after(after: u64, fault: Fault) -> ScheduledFault {
    ScheduledFault { after, fault }
}

#[test]
fn everything_passes_without_faults() {
    let echo = Echo::behind(None);
    let (received, ended) = echo.exchange();
    ended.unwrap();
    assert!(received == vec![7; 1000] && echo.proxy.recording() == vec![7; 2000]);
    // Also on the data ports, and to the server's address.
    let data = TcpListener::bind((echo.ports.server, *echo.ports.passive.end())).unwrap();
    let mut client = TcpStream::connect((echo.proxy.address().ip(), *echo.ports.passive.end())).unwrap();
    client.write_all(b"data").unwrap();
    drop(client);
    let mut received = String::new();
    let mut accepted = None;
    data.set_nonblocking(true).unwrap();
    wait_until("the proxy's connection", || {
        accepted = data.accept().ok();
        accepted.is_some()
    });
    let (stream, from) = accepted.unwrap();
    stream.set_nonblocking(false).unwrap();
    with_timeout(stream).read_to_string(&mut received).unwrap();
    assert_eq!((received.as_str(), from.ip().to_string().as_str()), ("data", "127.0.0.1"));
    assert_eq!(echo.proxy.fault_count(), 0);
}

#[test]
fn a_cut_comes_after_exactly_the_planned_number_of_bytes() {
    for bytes in [1000, 1001, 1500, 1999] {
        let echo = Echo::behind(after(bytes, Fault::Cut(Ending::Close)));
        let (received, ended) = echo.exchange();
        ended.unwrap();
        assert_eq!((received.len() as u64, echo.proxy.recording().len() as u64), (bytes - 1000, bytes));
        assert_eq!(echo.proxy.fault_count(), 1);
    }
}

#[test]
fn a_reset_is_not_an_orderly_close() {
    let echo = Echo::behind(after(0, Fault::Cut(Ending::Reset)));
    let (received, ended) = echo.exchange();
    assert!(received.is_empty());
    assert!(ended.is_err());
}

#[test]
fn an_outage_cuts_all_connections() {
    let echo = Echo::behind(after(1000, Fault::CutAll(Ending::Close)));
    let mut first = echo.connect();
    first.write_all(&[1; 10]).unwrap();
    let mut second = echo.connect();
    // The fault is scheduled on the first connection; the second is cut with it.
    wait_until("the first bytes", || echo.proxy.recording_length() >= 20);
    first.write_all(&[1; 1000]).unwrap();
    let read = second.read(&mut [0; 10]);
    let timed_out = read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    assert!(matches!(read, Ok(0) | Err(_)) && !timed_out, "{read:?}");
}

#[test]
fn a_stall_ends_and_a_slow_connection_is_slow() {
    let stall = Duration::from_millis(300);
    for fault in [Fault::Stall(stall), Fault::Slow(5000)] {
        let echo = Echo::behind(after(500, fault));
        let start = Instant::now();
        let (received, ended) = echo.exchange();
        ended.unwrap();
        assert!(received.len() == 1000 && start.elapsed() >= stall, "{fault:?}: {:?}", start.elapsed());
    }
}
