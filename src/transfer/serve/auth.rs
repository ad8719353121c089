//! Commands accepted before login: AUTH, PROT, USER, PASS (RFC 959, 2228, 4217).

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::info;

use super::client::{Client, Next};
use super::log_limit::truncated;

/// Failed logins after which the connection is closed.
const MAX_FAILED_LOGINS: u32 = 3;

/// Delay before the reply to a failed login.
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(1);

impl Client<'_> {
    pub(super) fn auth(&mut self, mechanism: &str) -> io::Result<Next> {
        if self.secure {
            self.control.reply(503, "TLS is already active.")?;
            return Ok(Next::Command);
        }
        if !["TLS", "TLS-C", "SSL"].contains(&mechanism.to_ascii_uppercase().as_str()) {
            self.control.reply(504, "Unknown AUTH mechanism; use AUTH TLS.")?;
            return Ok(Next::Command);
        }
        self.control.reply(234, "AUTH TLS OK.")?;
        (self.pending_user, self.user) = (None, None);
        Ok(Next::StartTls)
    }

    pub(super) fn user(&mut self, user: &str) -> io::Result<Next> {
        if !self.secure && !self.shared.allow_plain {
            self.control.reply(534, "Policy requires TLS; use AUTH TLS first.")?;
        } else if self.user.is_some() {
            self.control.reply(503, "Already logged in.")?;
        } else {
            self.pending_user = Some(user.into());
            self.control.reply(331, "Password required.")?;
        }
        Ok(Next::Command)
    }

    pub(super) fn password(&mut self, password: &str) -> io::Result<Next> {
        let Some(user) = self.pending_user.take() else {
            self.control.reply(503, "Log in with USER first.")?;
            return Ok(Next::Command);
        };
        let peer = self.connection.peer;
        if self.shared.logins.check_login(&user, password, peer.ip(), Instant::now()) {
            info!(connection = self.connection.id, %peer, user, "logged in");
            self.connection.logged_in.store(true, Ordering::Relaxed);
            self.user = Some(user);
            self.control.reply(230, "Login successful.")?;
            return Ok(Next::Command);
        }
        if self.shared.login_log.admits(Instant::now()) {
            info!(connection = self.connection.id, %peer, user = truncated(&user), "login refused");
        }
        self.failed_logins += 1;
        self.shared.sleep_or_shutdown(FAILED_LOGIN_DELAY);
        self.control.reply(530, "Login incorrect.")?;
        Ok(if self.failed_logins < MAX_FAILED_LOGINS { Next::Command } else { Next::End })
    }

    pub(super) fn protection(&mut self, level: &str) -> io::Result<()> {
        match level.to_ascii_uppercase().as_str() {
            _ if !self.secure => self.control.reply(503, "Use AUTH TLS first."),
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
