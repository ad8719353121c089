//! Passive data connections: offers a client a port, and accepts its connection there (RFC 959, 2428).

use std::io;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::time::Instant;

use rand_core::Rng;
use tracing::warn;

use super::accept_socket::try_accept;
use super::active_transfer::ActiveTransfer;
use super::client_session::ClientSession;
use super::data::PassiveCommand;
use super::limits::CONNECT_TIMEOUT;
use crate::foundation::random;

impl ClientSession<'_> {
    /// Opens a port for the next data connection, and replies with it.
    pub(super) fn enter_passive_mode(&mut self, command: PassiveCommand, argument: &str) -> io::Result<()> {
        let local = self.local_ip.to_canonical();
        let advertised = self.shared.public_address.filter(|_| local.is_ipv4()).map_or(local, IpAddr::V4);
        let family = if advertised.is_ipv4() { "1" } else { "2" };
        match argument.to_ascii_uppercase().as_str() {
            "ALL" => return self.control.reply(200, "EPSV ALL command successful."),
            other if command == PassiveCommand::Epsv && !other.is_empty() && other != family => {
                return self.control.reply(522, &format!("Network protocol not supported, use ({family})"));
            }
            _ => {}
        }
        // Closes the port of an earlier EPSV or PASV, which may be the only free one.
        drop(self.connection.take_port());
        let listener = match bind_passive(self.shared.passive_ports.as_ref(), self.local_ip) {
            Ok(listener) => listener,
            Err(error) => {
                warn!(%error, "no port for a data connection");
                return self.control.reply(425, "Cannot open data connection: no free port.");
            }
        };
        let port = listener.local_addr()?.port();
        self.connection.offer_port(listener);
        match (command, advertised) {
            (PassiveCommand::Epsv, _) => {
                self.control.reply(229, &format!("Entering Extended Passive Mode (|||{port}|)"))
            }
            (PassiveCommand::Pasv, IpAddr::V4(ip)) => {
                let [a, b, c, d] = ip.octets();
                let numbers = format!("({a},{b},{c},{d},{},{})", port >> 8, port & 0xFF);
                self.control.reply(227, &format!("Entering Passive Mode {numbers}"))
            }
            (PassiveCommand::Pasv, IpAddr::V6(_)) => self.control.reply(522, "PASV does not support IPv6; use EPSV."),
        }
    }

    /// Waits for the data connection and replies with 150. If there is none, replies with 425, unless the client
    /// aborted the transfer, and returns `None`.
    pub(super) fn accept_data_connection(
        &mut self,
        listener: TcpListener,
        active: &ActiveTransfer<'_>,
    ) -> io::Result<Option<TcpStream>> {
        let transfer_timeout = self.shared.limits.transfer;
        let connect_timeout = CONNECT_TIMEOUT.min(transfer_timeout);
        // A client that does not connect in time gets a reply; its control connection stays open.
        self.connection.deadline.set_timeout(connect_timeout + transfer_timeout);
        let socket = self.wait_for_data_connection(&listener, Instant::now() + connect_timeout, active)?;
        // Frees the port for others during the transfer.
        drop(listener);
        self.connection.deadline.set_timeout(transfer_timeout);
        let Some(socket) = socket else {
            if !active.is_aborted() {
                self.control.reply(425, "Cannot open data connection.")?;
            }
            return Ok(None);
        };
        self.connection.deadline.add(&socket)?;
        active.begin();
        self.control.reply(150, "Opening data connection.")?;
        Ok(Some(socket))
    }

    /// Returns the first connection from this client's address, and drops connections from all others.
    fn wait_for_data_connection(
        &mut self,
        listener: &TcpListener,
        deadline: Instant,
        active: &ActiveTransfer<'_>,
    ) -> io::Result<Option<TcpStream>> {
        loop {
            let can_read_more = self.handle_input(active);
            let is_over =
                self.shared.is_stopping() || self.connection.deadline.close_reason().is_some() || active.is_aborted();
            if is_over || Instant::now() > deadline {
                return Ok(None);
            }
            match try_accept(listener)? {
                Some((socket, peer)) if peer.ip() == self.connection.peer.ip() => return Ok(Some(socket)),
                Some(_) => {}
                None => self.poll_listener_and_control(listener, can_read_more),
            }
        }
    }
}

/// Listens at any free port, or at a random one of `ports`: other clients must not be able to predict it.
fn bind_passive(ports: Option<&RangeInclusive<u16>>, address: IpAddr) -> io::Result<TcpListener> {
    let Some(ports) = ports else { return TcpListener::bind((address, 0)) };
    let count = u32::from(ports.end() - ports.start()) + 1;
    let first = random::from_system().map_err(io::Error::other)?.next_u32() % count;
    let port = |step: u32| *ports.start() + ((first + step) % count) as u16;
    let mut bound = Err(io::ErrorKind::AddrInUse.into());
    for step in 0..count {
        bound = TcpListener::bind((address, port(step)));
        if bound.is_ok() {
            break;
        }
    }
    bound
}
