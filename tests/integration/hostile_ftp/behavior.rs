//! How the server behaves: like a correct FTP server, with the given exceptions.

use std::net::Ipv4Addr;

/// The server's reaction to a command or another event of the session.
#[derive(Debug, Clone)]
pub(super) enum Reaction {
    /// The reaction of a correct server.
    Correct,
    /// Sends these bytes and does nothing else.
    Send(Vec<u8>),
    /// Sends these bytes, then reacts like a correct server.
    SendFirst(Vec<u8>),
    /// Closes the connection.
    Close,
    /// Sends nothing while the client stays connected.
    Silence,
    /// Sends these bytes repeatedly while the client stays connected.
    Endless(Vec<u8>),
    /// Sends these bytes repeatedly, one byte every 100 ms.
    Drip(Vec<u8>),
    /// Reacts like a correct server to this other command.
    Instead(String),
    /// For commands that send data: sends `bytes` instead, then `endless` repeatedly.
    Data { bytes: Vec<u8>, endless: Vec<u8> },
    /// For commands that send data: sends these bytes instead, one every 100 ms.
    DripData(Vec<u8>),
}

/// Sends one reply line.
pub(super) fn send_reply(reply: &str) -> Reaction {
    Reaction::Send(format!("{reply}\r\n").into_bytes())
}

/// Chooses the reaction. The argument is the client's line or one of these events: `GREETING` at the beginning, `DATA
/// line` when the data connection for that line is open, `DONE line` when its data has been transferred.
pub(super) type Reactions = Box<dyn Fn(&str) -> Reaction + Send + Sync>;

/// Formats the reply to PASV or EPSV, given the address on which the server listens for data.
pub(super) type Passive = Box<dyn Fn(Ipv4Addr, u16) -> String + Send + Sync>;

/// All differences from a correct server.
pub(super) struct Behavior {
    pub(super) reactions: Reactions,
    pub(super) pasv: Passive,
    pub(super) epsv: Passive,
    /// Whether data connections present another certificate.
    pub(super) other_data_certificate: bool,
}

impl Behavior {
    pub(super) fn correct() -> Self {
        let pasv = |address: Ipv4Addr, port: u16| {
            let [a, b, c, d] = address.octets();
            format!("227 Entering Passive Mode ({a},{b},{c},{d},{},{})", port / 256, port % 256)
        };
        let epsv = |_, port| format!("229 Entering Extended Passive Mode (|||{port}|)");
        Self {
            reactions: Box::new(|_| Reaction::Correct),
            pasv: Box::new(pasv),
            epsv: Box::new(epsv),
            other_data_certificate: false,
        }
    }

    /// A correct server with this exception.
    pub(super) fn with_reactions(reactions: impl Fn(&str) -> Reaction + Send + Sync + 'static) -> Self {
        Self { reactions: Box::new(reactions), ..Self::correct() }
    }

    /// A correct server that reacts this way to all commands with this prefix.
    pub(super) fn at(prefix: &str, reaction: Reaction) -> Self {
        let prefix = prefix.to_owned();
        Self::with_reactions(move |line| if line.starts_with(&prefix) { reaction.clone() } else { Reaction::Correct })
    }
}
