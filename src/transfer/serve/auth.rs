//! Authentication and protection of connections: AUTH, USER, PASS, PROT (RFC 959, 2228, 4217).

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::info;

use super::client_session::{ClientSession, NextAction};
use super::log_limit::truncated;

/// Failed logins after which the connection is closed. `login_throttle` also limits those from one address.
const MAX_FAILED_LOGINS_PER_CONNECTION: u32 = 3;

/// Delay before the reply to a failed login. It slows down guessing on one connection.
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(1);

impl ClientSession<'_> {
    /// AUTH (RFC 4217, section 4): starts TLS. The client must log in again, since an attacker could have read or sent
    /// an earlier login. Until then the connection still counts as logged in for the limit on connections.
    pub(super) fn handle_auth(&mut self, mechanism: &str) -> io::Result<NextAction> {
        if self.uses_tls {
            self.control.reply(503, "TLS is already active.")?;
            return Ok(NextAction::ReadCommand);
        }
        // TLS-C is a synonym of TLS (RFC 4217, section 17); SSL is what some old clients send. PROT stays necessary.
        if !["TLS", "TLS-C", "SSL"].contains(&mechanism.to_ascii_uppercase().as_str()) {
            self.control.reply(504, "Unknown AUTH mechanism; use AUTH TLS.")?;
            return Ok(NextAction::ReadCommand);
        }
        self.control.reply(234, "AUTH TLS OK.")?;
        (self.pending_user, self.user) = (None, None);
        Ok(NextAction::StartTls)
    }

    /// USER (RFC 959).
    pub(super) fn handle_user(&mut self, user: &str) -> io::Result<NextAction> {
        if !self.uses_tls && !self.shared.allow_plain {
            self.control.reply(534, "Policy requires TLS; use AUTH TLS first.")?;
        } else if self.user.is_some() {
            self.control.reply(503, "Already logged in.")?;
        } else {
            self.pending_user = Some(user.into());
            self.control.reply(331, "Password required.")?;
        }
        Ok(NextAction::ReadCommand)
    }

    /// PASS (RFC 959).
    pub(super) fn handle_pass(&mut self, password: &str) -> io::Result<NextAction> {
        let Some(user) = self.pending_user.take() else {
            self.control.reply(503, "Log in with USER first.")?;
            return Ok(NextAction::ReadCommand);
        };
        let peer = self.connection.peer;
        if self.shared.logins.check_login(&user, password, peer.ip(), Instant::now()) {
            info!(connection = self.connection.id, %peer, user, "logged in");
            self.connection.logged_in.store(true, Ordering::Relaxed);
            self.user = Some(user);
            self.control.reply(230, "Login successful.")?;
            return Ok(NextAction::ReadCommand);
        }
        if self.shared.login_log.admits(Instant::now()) {
            info!(connection = self.connection.id, %peer, user = truncated(&user), "login refused");
        }
        self.failed_logins += 1;
        self.shared.sleep_or_shutdown(FAILED_LOGIN_DELAY);
        self.control.reply(530, "Login incorrect.")?;
        Ok(if self.failed_logins < MAX_FAILED_LOGINS_PER_CONNECTION {
            NextAction::ReadCommand
        } else {
            NextAction::Close
        })
    }

    /// PROT (RFC 2228, section 3): whether data connections use TLS. Every other level gets the same reply.
    pub(super) fn handle_prot(&mut self, level: &str) -> io::Result<()> {
        match level.to_ascii_uppercase().as_str() {
            _ if !self.uses_tls => self.control.reply(503, "Use AUTH TLS first."),
            "P" => {
                self.protect_data = true;
                self.control.reply(200, "PROT now Private.")
            }
            "C" if self.shared.allow_plain => {
                self.protect_data = false;
                self.control.reply(200, "PROT now Clear.")
            }
            _ => self.control.reply(534, "Protection level denied by policy; use PROT P."),
        }
    }
}
