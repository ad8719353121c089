//! Stands between a client and a server, on all the server's ports, and does to their bytes what the weather says.
//!
//! The control connection is encrypted, so the ports that the server names there cannot be changed on the way. But a
//! client connects to the address of its control connection. So the proxy listens on another loopback address, on the
//! very same ports.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::link::Link;
use super::weather::{Channel, Dice, Spans, Weather};

/// Data ports that a server gets: more than it needs at once, so that those of cut connections may rest.
const PASSIVE_PORTS: u16 = 24;

/// Addresses and ports for one server and its proxy, for themselves alone.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub(crate) server: Ipv4Addr,
    proxy: Ipv4Addr,
    pub(crate) control: u16,
    pub(crate) passive: RangeInclusive<u16>,
}

impl Ports {
    /// Loopback addresses that no other test uses, in this process or another, and ports free on both.
    pub(crate) fn free() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let process = std::process::id();
        let mut dice = Dice(u64::from(process) << 20 | number);
        let [low, high, ..] = process.to_le_bytes();
        let address = |last: u64| Ipv4Addr::new(127, 64 | high & 0x3f, low, last as u8);
        let (server, proxy) = (address(1 + 2 * number % 250), address(2 + 2 * number % 250));
        loop {
            // Below the ports that systems give to outgoing connections.
            let control = 12_000 + dice.roll(20_000 - u64::from(PASSIVE_PORTS)) as u16;
            let ports = Self { server, proxy, control, passive: control + 1..=control + PASSIVE_PORTS };
            if ports.are_free() {
                return ports;
            }
        }
    }

    /// Whether nobody listens on these ports of all addresses. This is not found out by listening there: a program that
    /// another test starts meanwhile would hold such a listener until it has begun.
    fn are_free(&self) -> bool {
        self.all().all(|port| TcpStream::connect((self.server, port)).is_err())
    }

    fn all(&self) -> RangeInclusive<u16> {
        self.control..=*self.passive.end()
    }

    /// Where the server listens.
    pub(crate) fn listen_address(&self) -> SocketAddr {
        (self.server, self.control).into()
    }

    /// The option that tells a server of those for data.
    pub(crate) fn option(&self) -> String {
        format!("--passive-ports={}-{}", self.passive.start(), self.passive.end())
    }

    fn listen(&self) -> io::Result<Vec<TcpListener>> {
        let listen = |port| {
            let listener = TcpListener::bind((self.proxy, port))?;
            // A line holds little; where it is slow, the rest waits at its beginning.
            set_socket_recv_buffer_size(&listener, 32 << 10)?;
            Ok(listener)
        };
        self.all().map(listen).collect()
    }
}

/// What the proxy and its connections know together.
pub(super) struct Shared {
    server: IpAddr,
    control: u16,
    pub(super) weather: Mutex<Weather>,
    /// How often all connections were cut.
    pub(super) outages: AtomicU64,
    /// How many faults there were.
    pub(super) struck: AtomicU64,
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

    /// Connects to the server as the client connected to us.
    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let port = client.local_addr()?.port();
        let channel = if port == self.control { Channel::Control } else { Channel::Data };
        // If the server is not there, the client is dropped.
        let server = TcpStream::connect_timeout(&(self.server, port).into(), Duration::from_secs(5))?;
        let link = Link::new([client, server], channel, Arc::clone(self));
        thread::spawn(move || link.run());
        Ok(())
    }
}

/// The proxy; it ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Before the server of these ports.
    pub(crate) fn start(ports: &Ports) -> Self {
        let listeners = ports.listen().unwrap();
        let shared = Arc::new(Shared {
            server: ports.server.into(),
            control: ports.control,
            weather: Mutex::new(Weather::calm()),
            outages: AtomicU64::new(0),
            struck: AtomicU64::new(0),
            over: AtomicBool::new(false),
            recorded: Mutex::default(),
            longest: Default::default(),
        });
        let known = Arc::clone(&shared);
        thread::spawn(move || accept(&listeners, &known));
        Self { address: (ports.proxy, ports.control).into(), shared }
    }

    /// Where clients find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next connection on.
    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.shared.weather.lock().unwrap() = weather;
    }

    /// How many faults there were.
    pub(crate) fn struck(&self) -> u64 {
        self.shared.struck.load(Ordering::SeqCst)
    }

    /// Everything that passed through it since this was last asked.
    pub(crate) fn recording(&self) -> Vec<u8> {
        std::mem::take(&mut self.shared.recorded.lock().unwrap())
    }

    /// How many bytes that is so far.
    pub(super) fn recording_length(&self) -> usize {
        self.shared.recorded.lock().unwrap().len()
    }

    /// The most bytes that a connection passed.
    pub(crate) fn spans(&self) -> Spans {
        let longest = |channel| self.shared.longest[channel as usize].load(Ordering::SeqCst);
        Spans { control: longest(Channel::Control), data: longest(Channel::Data) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
    }
}

/// Takes connections on all ports until the proxy is over.
fn accept(listeners: &[TcpListener], shared: &Arc<Shared>) {
    while !shared.is_over() {
        let mut asked: Vec<_> = listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).collect();
        poll(&mut asked, Some(&Timespec::try_from(Duration::from_millis(50)).unwrap())).unwrap();
        for (listener, asked) in listeners.iter().zip(&asked) {
            if !asked.revents().is_empty() {
                drop(listener.accept().and_then(|(client, _)| shared.connect(client)));
            }
        }
    }
}
