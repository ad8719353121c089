//! Commands about the server's features and about transfer parameters: FEAT, OPTS, TYPE, MODE, STRU, SITE.

use std::io;

use super::client_session::ClientSession;

/// The reply to FEAT (RFC 2389).
const FEATURES: [&str; 11] = [
    "AUTH TLS",
    "EPSV",
    "MDTM",
    "MLST type*;size*;modify*;",
    "PASV",
    "PBSZ",
    "PROT",
    "REST STREAM",
    "SIZE",
    "TVFS",
    "UTF8",
];

impl ClientSession<'_> {
    pub(super) fn handle_feat(&mut self) -> io::Result<()> {
        self.control.reply_lines(211, "Features:", &FEATURES, "End")
    }

    pub(super) fn handle_opts(&mut self, option: &str) -> io::Result<()> {
        let option = option.to_ascii_uppercase();
        match option.as_str() {
            "UTF8 ON" | "UTF8" => self.control.reply(200, "Always in UTF8 mode."),
            _ if option.starts_with("MLST") => self.control.reply(200, "MLST OPTS type;size;modify;"),
            _ => self.control.reply(501, "Option not understood."),
        }
    }

    /// Accepts the usual types, and transfers files unchanged with any of them.
    pub(super) fn handle_transfer_parameters(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let first = argument.chars().next().map(|c| c.to_ascii_uppercase());
        match (verb, first) {
            ("TYPE", Some('I' | 'A' | 'L')) | ("MODE", Some('S')) | ("STRU", Some('F')) => {
                self.control.reply(200, "Command OK.")
            }
            _ => self.control.reply(504, "Command not implemented for that parameter."),
        }
    }

    /// Replies to `SITE HESTAT`, which `hestat ping` sends.
    pub(super) fn handle_site(&mut self, command: &str) -> io::Result<()> {
        if !command.eq_ignore_ascii_case("HESTAT") {
            return self.control.reply(502, "Command not implemented.");
        }
        let free = self.shared.free_bytes()?;
        self.control.reply(200, &format!("hestat {} free={free}", env!("CARGO_PKG_VERSION")))
    }
}
