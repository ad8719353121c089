//! The names and addresses of this machine.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// Returns the host name.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the names and addresses by which clients may reach a socket that listens on `listen`: those of loopback, the
/// host name, the addresses of this machine and `public`.
pub(super) fn names(listen: SocketAddr, public: Option<Ipv4Addr>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), host_name()];
    if listen.ip().is_unspecified() {
        // Connecting a datagram socket sends nothing. It selects the source address for a destination, here a
        // documentation address (RFC 5737, RFC 3849), which stands for the Internet.
        let source_address = |own: &str, destination: &str| {
            let socket = UdpSocket::bind((own, 0)).ok()?;
            socket.connect((destination, 9)).ok()?;
            Some(socket.local_addr().ok()?.ip().to_string())
        };
        names.extend(source_address("0.0.0.0", "192.0.2.1"));
        names.extend(source_address("::", "2001:db8::1"));
    } else {
        names.push(listen.ip().to_string());
    }
    names.extend(public.map(|address| address.to_string()));
    let mut seen = HashSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_include_the_addresses() {
        let names = super::names("192.0.2.7:21".parse().unwrap(), Some([192, 0, 2, 8].into()));
        assert!(
            names.contains(&"192.0.2.7".into())
                && names.contains(&"192.0.2.8".into())
                && names.contains(&"localhost".into()),
            "{names:?}"
        );
    }
}
