//! Taking connections until it is enough.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::net::{Shutdown, shutdown};

/// A port of this machine's; nobody listens on it any more when this is dropped.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    listener: Arc<TcpListener>,
    accepting: Option<JoinHandle<()>>,
}

impl Listening {
    /// Each connection is taken so, one after the other.
    pub(super) fn start(mut take: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let (address, known) = (listener.local_addr().unwrap(), Arc::clone(&listener));
        let accepting = Some(thread::spawn(move || {
            for connection in known.incoming() {
                match connection {
                    Ok(connection) => take(connection),
                    // It listens no more.
                    Err(error) if error.kind() == ErrorKind::InvalidInput => break,
                    // It may be that too many files are open, for now.
                    Err(_) => thread::yield_now(),
                }
            }
        }));
        Self { address, listener, accepting }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // On Linux, this wakes whoever accepts.
        shutdown(&self.listener, Shutdown::Both).unwrap();
        drop(self.accepting.take().map(JoinHandle::join));
    }
}
