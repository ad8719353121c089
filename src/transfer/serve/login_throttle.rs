//! Who may come in, and how often somebody may be wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::secret::Secret;

/// How long an address that was wrong too often is not talked to, and after how long a failure is forgotten.
const PENALTY: Duration = Duration::from_mins(1);

/// Addresses that are remembered at most. With more of them guessing at once, the oldest failures are forgotten first.
const MOST_ADDRESSES: usize = 10_000;

/// What one peer may have many addresses of: an IPv4 address, or an IPv6 network of 64 bits (RFC 6177).
pub(super) fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The one account, and what failed logins have cost.
#[derive(Debug)]
pub(super) struct LoginThrottle {
    user: String,
    password: Secret<String>,
    most_failures: u32,
    failures: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

impl LoginThrottle {
    pub(super) fn new(user: String, password: Secret<String>, most_failures: u32) -> Self {
        Self { user, password, most_failures, failures: Mutex::default() }
    }

    /// Whether this address was wrong too often of late.
    pub(super) fn is_throttled(&self, address: IpAddr, now: Instant) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failures.get(&rate_limit_key(address)).filter(|(_, last)| now.duration_since(*last) < PENALTY);
        recent.is_some_and(|(count, _)| *count >= self.most_failures)
    }

    /// Whether these are the account's; how long that takes tells nothing about the right ones.
    pub(super) fn check_login(&self, user: &str, password: &str, address: IpAddr, now: Instant) -> bool {
        // Digests of the texts are compared in constant time, whatever their lengths.
        let same = |left: &str, right: &str| blake3::hash(left.as_bytes()) == blake3::hash(right.as_bytes());
        let admitted =
            same(user, &self.user) & same(password, self.password.expose()) && !self.is_throttled(address, now);
        if !admitted {
            self.remember_failure(address, now);
        }
        admitted
    }

    fn remember_failure(&self, address: IpAddr, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_ADDRESSES {
            failures.retain(|_, (_, last)| now.duration_since(*last) < PENALTY);
        }
        if failures.len() >= MOST_ADDRESSES {
            let oldest = failures.iter().min_by_key(|(_, (_, last))| *last).map(|(address, _)| *address);
            oldest.map(|address| failures.remove(&address));
        }
        let (count, last) = failures.entry(rate_limit_key(address)).or_insert((0, now));
        *count = if now.duration_since(*last) < PENALTY { *count + 1 } else { 1 };
        *last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_wrong_too_often_waits_and_others_do_not() {
        let logins = LoginThrottle::new("me".into(), Secret::new("right".into()), 3);
        let (guesser, honest) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let now = Instant::now();
        for (user, password) in [("me", "wrong"), ("you", "right"), ("me", "")] {
            assert!(!logins.is_throttled(guesser, now));
            assert!(!logins.check_login(user, password, guesser, now));
        }
        assert!(logins.is_throttled(guesser, now));
        assert!(!logins.check_login("me", "right", guesser, now));
        assert!(logins.check_login("me", "right", honest, now));
        let later = now + PENALTY + Duration::from_secs(1);
        assert!(!logins.is_throttled(guesser, later) && logins.check_login("me", "right", guesser, later));
    }

    #[test]
    fn a_network_of_many_addresses_guesses_as_one() {
        let logins = LoginThrottle::new("me".into(), Secret::new("right".into()), 2);
        let now = Instant::now();
        for host in ["2001:db8::1", "2001:db8::2"] {
            assert!(!logins.check_login("me", "wrong", host.parse().unwrap(), now));
        }
        assert!(logins.is_throttled("2001:db8::3".parse().unwrap(), now));
        assert!(!logins.is_throttled("2001:db8:0:1::3".parse().unwrap(), now));
        assert_eq!(rate_limit_key("::ffff:192.0.2.1".parse().unwrap()), rate_limit_key("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let logins = LoginThrottle::new("me".into(), Secret::new("right".into()), 1);
        let now = Instant::now();
        for number in 0..=MOST_ADDRESSES as u32 {
            logins.check_login(
                "me",
                "wrong",
                std::net::Ipv4Addr::from_bits(number).into(),
                now + Duration::from_micros(number.into()),
            );
        }
        assert_eq!(logins.failures.lock().unwrap().len(), MOST_ADDRESSES);
    }
}
