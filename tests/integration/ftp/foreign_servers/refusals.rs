//! What servers refuse, and what the client refuses: each case has its exit code and message.

use super::super::peers::{Peer, SessionReuse};
use super::client::Client;
use crate::programs::run;
use crate::sandbox::{everything, path};

fn both() -> [Peer; 2] {
    [Peer::vsftpd(SessionReuse::Required), Peer::pyftpdlib()]
}

#[test]
fn ping_prints_the_fingerprint_and_leaves_at_most_an_empty_inbox() {
    for peer in both().into_iter().chain([Peer::vsftpd(SessionReuse::NotRequired)]) {
        let client = Client::of(&peer, "");
        let output = client.run(client.pinned(client.ping())).expect_code(0);
        assert!(output.stdout.contains(&peer.fingerprint()), "{output:?}");
        assert_eq!(everything(&peer.directory("")), [peer.directory("/inbox")]);
        // The server is known from now on.
        assert_eq!(client.known_servers(), client.known_server_line());
        client.run(client.ping()).expect_code(0);
    }
}

#[test]
fn a_certificate_given_as_a_file() {
    for peer in both() {
        let client = Client::of(&peer, "");
        let certificate = peer.certificate().to_str().unwrap();
        client.run(client.ping().into_iter().chain(["--server-certificate", certificate])).expect_code(0);
    }
}

#[test]
fn a_ca_signed_certificate_is_valid_for_its_address_only() {
    for mut peer in both() {
        for (name, code) in [("IP:127.0.0.1", 0), ("DNS:ftp.example.org", 14)] {
            let ca = peer.use_ca_signed_certificate(name);
            let client = Client::of(&peer, "");
            client.run(client.ping().into_iter().chain(["--server-ca", path(&ca)])).expect_code(code);
        }
    }
}

#[test]
fn a_wrong_password_exits_with_13() {
    for peer in both() {
        let client = Client::of(&peer, "");
        for arguments in [client.pinned(client.ping()), client.pinned(client.init())] {
            let output = run(client.command(arguments).env("HESTAT_PASSWORD", "guessed")).expect_code(13);
            assert!(!output.stderr.contains("guessed"), "{output:?}");
        }
    }
}

#[test]
fn an_unknown_certificate_exits_with_14() {
    for peer in both() {
        let client = Client::of(&peer, "");
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(14).says(&["--server-fingerprint", &peer.fingerprint()]);
        }
        assert_eq!(client.known_servers(), "");
    }
}

#[test]
fn a_changed_certificate_exits_with_15() {
    for mut peer in both() {
        let client = Client::of(&peer, "");
        client.run(client.pinned(client.ping())).expect_code(0);
        let before = peer.fingerprint();
        peer.change_certificate();
        assert_ne!(peer.fingerprint(), before);
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(15).says(&[&before, &peer.fingerprint()]);
        }
        assert_eq!(client.known_servers(), client.known_server_line());
    }
}

#[test]
fn an_account_without_write_permission_exits_with_17() {
    let vsftpd = Peer::vsftpd(SessionReuse::Required);
    vsftpd.make_root_read_only();
    for peer in [vsftpd, Peer::read_only_pyftpdlib()] {
        let client = Client::of(&peer, "");
        client.run(client.pinned(client.init())).expect_code(17).says(&["init --resume"]);
        client.run(client.ping()).expect_code(17);
        assert!(everything(&peer.directory("")).is_empty());
    }
}
