//! Ports for data connections, and the connections that come there (RFC 959, 2428).

use std::io;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tracing::warn;

use super::accept::try_accept;
use super::active_transfer::ActiveTransfer;
use super::session::Session;

/// How long a client may take to connect to the port it was given, or to say what it wants one for.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

impl Session<'_> {
    pub(super) fn enter_passive_mode(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let local = self.local.to_canonical();
        let shown = self.shared.public_address.filter(|_| local.is_ipv4()).map_or(local, IpAddr::V4);
        let family = if shown.is_ipv4() { "1" } else { "2" };
        match argument.to_ascii_uppercase().as_str() {
            "ALL" => return self.control.reply(200, "EPSV it is."),
            other if verb == "EPSV" && !other.is_empty() && other != family => {
                return self.control.reply(522, &format!("That is not how this server was reached, use ({family})"));
            }
            _ => {}
        }
        // Its own port is free again.
        drop(self.connection.take_port());
        let listener = match self.shared.bind_passive(self.local) {
            Ok(listener) => listener,
            Err(error) => {
                warn!(%error, "no port for a data connection");
                return self.control.reply(425, "No port is free for data now.");
            }
        };
        let port = listener.local_addr()?.port();
        self.connection.offer_port(listener);
        match (verb, shown) {
            ("EPSV", _) => self.control.reply(229, &format!("Entering extended passive mode (|||{port}|)")),
            (_, IpAddr::V4(ip)) => {
                let [a, b, c, d] = ip.octets();
                let numbers = format!("({a},{b},{c},{d},{},{})", port >> 8, port & 0xFF);
                self.control.reply(227, &format!("Entering passive mode {numbers}"))
            }
            _ => self.control.reply(522, "This address has six bytes too many for PASV: say EPSV."),
        }
    }

    /// The data connection, from where the control connection comes from; replies if there is none.
    pub(super) fn accept_data_connection(
        &mut self,
        listener: TcpListener,
        ongoing: &ActiveTransfer<'_>,
    ) -> io::Result<Option<TcpStream>> {
        let transfer = self.shared.limits.transfer;
        let patience = CONNECT_TIMEOUT.min(transfer);
        // Who is late here is told so, and not cut off.
        self.connection.deadline.set_timeout(patience + transfer);
        let socket = self.wait_for_data(&listener, Instant::now() + patience, ongoing)?;
        // Its port is free for others while this transfer goes on.
        drop(listener);
        self.connection.deadline.set_timeout(transfer);
        let Some(socket) = socket else {
            if !ongoing.is_aborted() {
                self.control.reply(425, "No data connection came.")?;
            }
            return Ok(None);
        };
        self.connection.deadline.add(&socket)?;
        ongoing.begin();
        self.control.reply(150, "Here it goes.")?;
        Ok(Some(socket))
    }

    /// The first connection from this client's address; others are dropped, however many there are.
    fn wait_for_data(
        &mut self,
        listener: &TcpListener,
        deadline: Instant,
        ongoing: &ActiveTransfer<'_>,
    ) -> io::Result<Option<TcpStream>> {
        loop {
            let more_may_come = self.handle_input(ongoing);
            let is_over =
                self.shared.is_stopping() || self.connection.deadline.close_reason().is_some() || ongoing.is_aborted();
            if is_over || Instant::now() > deadline {
                return Ok(None);
            }
            match try_accept(listener)? {
                Some((socket, peer)) if peer.ip() == self.connection.peer.ip() => return Ok(Some(socket)),
                Some(_) => {}
                None => self.poll_listener_and_control(listener, more_may_come),
            }
        }
    }
}
