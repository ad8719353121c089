//! A proxy between client and server, on all the server's ports, that injects the faults of a plan.
//!
//! The control connection is encrypted, so the proxy cannot rewrite the port numbers that the server sends there. But a
//! client connects to the address of its control connection. So the proxy listens on another loopback address, on the
//! same ports.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::fault_plan::{Channel, ConnectionLengths, FaultPlan, SeededRng};
use super::proxied_connection::ProxiedConnection;

/// Data ports per server: more than it needs at once, because ports of cut connections stay in TIME-WAIT.
const PASSIVE_PORTS: u16 = 24;

/// Addresses and ports of one server and its proxy, not shared with other tests.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub(crate) server: Ipv4Addr,
    proxy: Ipv4Addr,
    pub(crate) control: u16,
    pub(crate) passive: RangeInclusive<u16>,
}

impl Ports {
    /// Returns loopback addresses that no other test uses, in this process or another, and ports free on both.
    pub(crate) fn free() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let process = std::process::id();
        let mut rng = SeededRng(u64::from(process) << 20 | number);
        let [low, high, ..] = process.to_le_bytes();
        let address = |last: u64| Ipv4Addr::new(127, 64 | high & 0x3f, low, last as u8);
        let (server, proxy) = (address(1 + 2 * number % 250), address(2 + 2 * number % 250));
        loop {
            // Below the range of ephemeral ports.
            let control = 12_000 + rng.below(20_000 - u64::from(PASSIVE_PORTS)) as u16;
            let ports = Self { server, proxy, control, passive: control + 1..=control + PASSIVE_PORTS };
            if ports.are_free() {
                return ports;
            }
        }
    }

    /// Returns whether no process listens on these ports. Binding them would not be reliable: a program that another
    /// test starts at that moment would inherit such a listener until it calls exec.
    fn are_free(&self) -> bool {
        self.all().all(|port| TcpStream::connect((self.server, port)).is_err())
    }

    fn all(&self) -> RangeInclusive<u16> {
        self.control..=*self.passive.end()
    }

    /// Returns the address that the server listens on.
    pub(crate) fn listen_address(&self) -> SocketAddr {
        (self.server, self.control).into()
    }

    /// Returns the server option that sets the data ports.
    pub(crate) fn option(&self) -> String {
        format!("--passive-ports={}-{}", self.passive.start(), self.passive.end())
    }

    fn listen(&self) -> io::Result<Vec<TcpListener>> {
        let listen = |port| {
            let listener = TcpListener::bind((self.proxy, port))?;
            // A small buffer, so that a slow connection slows its sender down.
            set_socket_recv_buffer_size(&listener, 32 << 10)?;
            Ok(listener)
        };
        self.all().map(listen).collect()
    }
}

/// State shared by the proxy and its connections.
pub(super) struct Shared {
    server: IpAddr,
    control: u16,
    pub(super) fault_plan: Mutex<FaultPlan>,
    /// The number of outages: faults that cut all connections.
    pub(super) outages: AtomicU64,
    /// The number of faults injected.
    pub(super) fault_count: AtomicU64,
    over: AtomicBool,
    recorded: Mutex<Vec<u8>>,
    longest: [AtomicU64; 2],
}

impl Shared {
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn record(&self, bytes: &[u8]) {
        self.recorded.lock().unwrap().extend(bytes);
    }

    pub(super) fn note_length(&self, channel: Channel, bytes: u64) {
        self.longest[channel as usize].fetch_max(bytes, Ordering::SeqCst);
    }

    /// Connects to the server on the port that the client connected to.
    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let port = client.local_addr()?.port();
        let channel = if port == self.control { Channel::Control } else { Channel::Data };
        // If the server does not answer, the client's connection is dropped.
        let server = TcpStream::connect_timeout(&(self.server, port).into(), Duration::from_secs(5))?;
        let proxied_connection = ProxiedConnection::new([client, server], channel, Arc::clone(self));
        thread::spawn(move || proxied_connection.run());
        Ok(())
    }
}

/// The proxy; it stops when dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Starts a proxy for the server on these ports.
    pub(crate) fn start(ports: &Ports) -> Self {
        let listeners = ports.listen().unwrap();
        let shared = Arc::new(Shared {
            server: ports.server.into(),
            control: ports.control,
            fault_plan: Mutex::new(FaultPlan::without_faults()),
            outages: AtomicU64::new(0),
            fault_count: AtomicU64::new(0),
            over: AtomicBool::new(false),
            recorded: Mutex::default(),
            longest: Default::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listeners, &accepting));
        Self { address: (ports.proxy, ports.control).into(), shared }
    }

    /// Returns the address that clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the fault plan, starting with the next connection.
    pub(crate) fn set_fault_plan(&self, fault_plan: FaultPlan) {
        *self.shared.fault_plan.lock().unwrap() = fault_plan;
    }

    /// Returns the number of faults injected.
    pub(crate) fn fault_count(&self) -> u64 {
        self.shared.fault_count.load(Ordering::SeqCst)
    }

    /// Returns and clears everything that has passed through the proxy.
    pub(crate) fn recording(&self) -> Vec<u8> {
        std::mem::take(&mut self.shared.recorded.lock().unwrap())
    }

    /// Returns the number of recorded bytes.
    pub(super) fn recording_length(&self) -> usize {
        self.shared.recorded.lock().unwrap().len()
    }

    /// Returns the length of the longest connection on each channel.
    pub(crate) fn connection_lengths(&self) -> ConnectionLengths {
        let longest = |channel| self.shared.longest[channel as usize].load(Ordering::SeqCst);
        ConnectionLengths { control: longest(Channel::Control), data: longest(Channel::Data) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
    }
}

/// Accepts connections on all ports until the proxy stops.
fn accept(listeners: &[TcpListener], shared: &Arc<Shared>) {
    while !shared.is_over() {
        let mut polled: Vec<_> = listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).collect();
        poll(&mut polled, Some(&Timespec::try_from(Duration::from_millis(50)).unwrap())).unwrap();
        for (listener, polled) in listeners.iter().zip(&polled) {
            if !polled.revents().is_empty() {
                let _ = listener.accept().and_then(|(client, _)| shared.connect(client));
            }
        }
    }
}
