//! A loopback port whose connections are handled one after the other, until it is dropped.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::net::{Shutdown, shutdown};

/// A thread that accepts connections on a free loopback port. Dropping it stops the thread and frees the port.
pub(super) struct AcceptLoop {
    pub(super) address: SocketAddr,
    listener: Arc<TcpListener>,
    accepting: Option<JoinHandle<()>>,
}

impl AcceptLoop {
    /// Calls `handle` with each connection.
    pub(super) fn start(mut handle: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let (address, shared) = (listener.local_addr().unwrap(), Arc::clone(&listener));
        let accepting = Some(thread::spawn(move || {
            for connection in shared.incoming() {
                match connection {
                    Ok(connection) => handle(connection),
                    // The listener was shut down.
                    Err(error) if error.kind() == ErrorKind::InvalidInput => break,
                    // Too many files may be open for the moment.
                    Err(_) => thread::yield_now(),
                }
            }
        }));
        Self { address, listener, accepting }
    }
}

impl Drop for AcceptLoop {
    fn drop(&mut self) {
        // On Linux this wakes the thread from `accept`.
        shutdown(&self.listener, Shutdown::Both).unwrap();
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}
