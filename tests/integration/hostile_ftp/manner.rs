//! How the peer behaves: as an honest FTP server, but for its tricks.

use std::net::Ipv4Addr;

/// What is done about a command, or at another moment of the conversation.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// What an honest server does.
    Honest,
    /// These bytes are said, and nothing is done.
    Say(Vec<u8>),
    /// These bytes are said, and then an honest server's.
    SayFirst(Vec<u8>),
    /// The connection ends.
    Close,
    /// Nothing is said for as long as the client stays.
    Silence,
    /// These bytes are said again and again for as long as the client stays.
    Endless(Vec<u8>),
    /// The same, one byte every 100 ms.
    Drip(Vec<u8>),
    /// What an honest server does about another command.
    Instead(String),
    /// For commands that send data: these bytes are sent instead, then the others again and again.
    Data { bytes: Vec<u8>, endless: Vec<u8> },
    /// For commands that send data: these bytes are sent instead, one every 100 ms.
    DripData(Vec<u8>),
}

/// One reply.
pub(super) fn say(reply: &str) -> Answer {
    Answer::Say(format!("{reply}\r\n").into_bytes())
}

/// Decides on an answer. It is told the client's line, or one of these: `GREETING` at the beginning, `DATA line` when the
/// data connection for that line is there, `DONE line` when the data has been moved.
pub(super) type Trick = Box<dyn Fn(&str) -> Answer + Send + Sync>;

/// Makes the reply to PASV or EPSV of the address at which the peer truly listens for data.
pub(super) type Passive = Box<dyn Fn(Ipv4Addr, u16) -> String + Send + Sync>;

/// Everything in which the peer differs from an honest server.
pub(super) struct Manner {
    pub(super) trick: Trick,
    pub(super) pasv: Passive,
    pub(super) epsv: Passive,
    /// Whether data connections show another certificate.
    pub(super) two_faced: bool,
}

impl Manner {
    pub(super) fn honest() -> Self {
        let pasv = |address: Ipv4Addr, port: u16| {
            let [a, b, c, d] = address.octets();
            format!("227 Entering Passive Mode ({a},{b},{c},{d},{},{})", port / 256, port % 256)
        };
        let epsv = |_, port| format!("229 Entering Extended Passive Mode (|||{port}|)");
        Self { trick: Box::new(|_| Answer::Honest), pasv: Box::new(pasv), epsv: Box::new(epsv), two_faced: false }
    }

    /// Honest but for this.
    pub(super) fn tricky(trick: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self { trick: Box::new(trick), ..Self::honest() }
    }

    /// Honest but for this answer to all commands that begin so.
    pub(super) fn at(beginning: &str, answer: Answer) -> Self {
        let beginning = beginning.to_owned();
        Self::tricky(move |line| if line.starts_with(&beginning) { answer.clone() } else { Answer::Honest })
    }
}
