//! The account, and a limit on guessing its password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::secret::Secret;

/// How long an address is refused after too many failed logins, and the time after which its failures are forgotten.
const PENALTY: Duration = Duration::from_mins(1);

/// Maximum number of addresses whose failures are remembered. At the maximum, the oldest are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// Returns the key under which failures from an address are counted: an IPv4 address, or a 64-bit IPv6 network, since
/// one peer may have all addresses of such a network (RFC 6177).
pub(super) fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Checks logins to the one account, and refuses addresses that fail too often.
#[derive(Debug)]
pub(super) struct LoginThrottle {
    user: String,
    password: Secret<String>,
    max_failures: u32,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

/// Recent failed logins from one address.
#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn are_recent(&self, now: Instant) -> bool {
        now.duration_since(self.last) < PENALTY
    }
}

impl LoginThrottle {
    pub(super) fn new(user: String, password: Secret<String>, max_failures: u32) -> Self {
        Self { user, password, max_failures, failures: Mutex::default() }
    }

    /// Returns whether logins from this address are refused at present.
    pub(super) fn is_throttled(&self, address: IpAddr, now: Instant) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failures.get(&rate_limit_key(address)).filter(|failures| failures.are_recent(now));
        recent.is_some_and(|failures| failures.count >= self.max_failures)
    }

    /// Returns whether the login is accepted. The time this takes does not depend on the right user name and password.
    pub(super) fn check_login(&self, user: &str, password: &str, address: IpAddr, now: Instant) -> bool {
        // Hashes have the same length for all inputs, and are compared in constant time.
        let same = |left: &str, right: &str| blake3::hash(left.as_bytes()) == blake3::hash(right.as_bytes());
        let accepted =
            same(user, &self.user) & same(password, self.password.expose()) && !self.is_throttled(address, now);
        if !accepted {
            self.record_failure(address, now);
        }
        accepted
    }

    fn record_failure(&self, address: IpAddr, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MAX_ADDRESSES {
            failures.retain(|_, failures| failures.are_recent(now));
        }
        if failures.len() >= MAX_ADDRESSES {
            let oldest = failures.iter().min_by_key(|(_, failures)| failures.last).map(|(address, _)| *address);
            oldest.map(|address| failures.remove(&address));
        }
        let entry = failures.entry(rate_limit_key(address)).or_insert(Failures { count: 0, last: now });
        entry.count = if entry.are_recent(now) { entry.count + 1 } else { 1 };
        entry.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_too_many_failures_is_throttled_and_others_are_not() {
        let throttle = LoginThrottle::new("me".into(), Secret::new("right".into()), 3);
        let (guesser, honest) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let now = Instant::now();
        for (user, password) in [("me", "wrong"), ("you", "right"), ("me", "")] {
            assert!(!throttle.is_throttled(guesser, now));
            assert!(!throttle.check_login(user, password, guesser, now));
        }
        assert!(throttle.is_throttled(guesser, now));
        assert!(!throttle.check_login("me", "right", guesser, now));
        assert!(throttle.check_login("me", "right", honest, now));
        let later = now + PENALTY + Duration::from_secs(1);
        assert!(!throttle.is_throttled(guesser, later) && throttle.check_login("me", "right", guesser, later));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let throttle = LoginThrottle::new("me".into(), Secret::new("right".into()), 2);
        let now = Instant::now();
        for host in ["2001:db8::1", "2001:db8::2"] {
            assert!(!throttle.check_login("me", "wrong", host.parse().unwrap(), now));
        }
        assert!(throttle.is_throttled("2001:db8::3".parse().unwrap(), now));
        assert!(!throttle.is_throttled("2001:db8:0:1::3".parse().unwrap(), now));
        assert_eq!(rate_limit_key("::ffff:192.0.2.1".parse().unwrap()), rate_limit_key("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn the_number_of_remembered_addresses_is_bounded() {
        let throttle = LoginThrottle::new("me".into(), Secret::new("right".into()), 1);
        let now = Instant::now();
        for number in 0..=MAX_ADDRESSES as u32 {
            throttle.check_login(
                "me",
                "wrong",
                std::net::Ipv4Addr::from_bits(number).into(),
                now + Duration::from_micros(number.into()),
            );
        }
        assert_eq!(throttle.failures.lock().unwrap().len(), MAX_ADDRESSES);
    }
}
