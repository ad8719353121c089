//! What this machine is called.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// Its own name.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// By which names clients may reach this machine: loopback, the host's own name, and the addresses it has.
pub(super) fn names(listen: SocketAddr, public: Option<Ipv4Addr>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), host_name()];
    if listen.ip().is_unspecified() {
        // Connecting a datagram socket sends nothing; it only asks which address would be used (to RFC 5737 and 3849's
        // examples, that is: for the world).
        let used = |own: &str, other: &str| {
            let socket = UdpSocket::bind((own, 0)).ok()?;
            socket.connect((other, 9)).ok()?;
            Some(socket.local_addr().ok()?.ip().to_string())
        };
        names.extend(used("0.0.0.0", "192.0.2.1").into_iter().chain(used("::", "2001:db8::1")));
    } else {
        names.push(listen.ip().to_string());
    }
    names.extend(public.map(|address| address.to_string()));
    let mut told = HashSet::new();
    names.retain(|name| !name.is_empty() && told.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_machine_s_names_have_its_address() {
        let names = super::names("192.0.2.7:21".parse().unwrap(), Some([192, 0, 2, 8].into()));
        assert!(
            names.contains(&"192.0.2.7".into())
                && names.contains(&"192.0.2.8".into())
                && names.contains(&"localhost".into()),
            "{names:?}"
        );
    }
}
