//! Commands by which strangers become members (RFC 959, 2228, 4217).

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::info;

use super::log_limit::shortened;
use super::session::{Next, Session};

/// Failed logins in one connection.
const MAX_FAILURES: u32 = 3;

/// How long a failed login takes.
const FAILURE_DELAY: Duration = Duration::from_secs(1);

impl Session<'_> {
    pub(super) fn auth(&mut self, mechanism: &str) -> io::Result<Next> {
        let is_tls = ["TLS", "TLS-C", "SSL"].contains(&mechanism.to_ascii_uppercase().as_str());
        if self.secure || !is_tls {
            self.control.reply(if self.secure { 503 } else { 504 }, "AUTH TLS, once.")?;
            return Ok(Next::Command);
        }
        self.control.reply(234, "TLS it is.")?;
        (self.pending_user, self.user) = (None, None);
        Ok(Next::Tls)
    }

    pub(super) fn user(&mut self, user: &str) -> io::Result<Next> {
        if !self.secure && !self.shared.plain {
            self.control.reply(534, "No login in plain: say AUTH TLS first.")?;
        } else if self.user.is_some() {
            self.control.reply(503, "Already logged in.")?;
        } else {
            self.pending_user = Some(user.into());
            self.control.reply(331, "And the password?")?;
        }
        Ok(Next::Command)
    }

    pub(super) fn password(&mut self, password: &str) -> io::Result<Next> {
        let Some(user) = self.pending_user.take() else {
            self.control.reply(503, "Say USER first.")?;
            return Ok(Next::Command);
        };
        let peer = self.connection.peer;
        if self.shared.logins.check_login(&user, password, peer.ip(), Instant::now()) {
            info!(connection = self.connection.number, %peer, user, "logged in");
            self.connection.logged_in.store(true, Ordering::Relaxed);
            self.user = Some(user);
            self.control.reply(230, "Welcome.")?;
            return Ok(Next::Command);
        }
        if self.shared.logins_logged.admits(Instant::now()) {
            info!(connection = self.connection.number, %peer, user = shortened(&user), "login refused");
        }
        self.failures += 1;
        self.shared.sleep_or_shutdown(FAILURE_DELAY);
        self.control.reply(530, "User or password is wrong.")?;
        Ok(if self.failures < MAX_FAILURES { Next::Command } else { Next::End })
    }

    pub(super) fn protection(&mut self, level: &str) -> io::Result<()> {
        match level.to_ascii_uppercase().as_str() {
            _ if !self.secure => self.control.reply(503, "Say AUTH TLS first."),
            "P" => {
                self.protect_data = true;
                self.control.reply(200, "Data connections are under TLS.")
            }
            "C" if self.shared.plain => {
                self.protect_data = false;
                self.control.reply(200, "Data connections are in plain.")
            }
            _ => self.control.reply(534, "Only PROT P: data goes under TLS."),
        }
    }
}
