//! What servers refuse, and what we refuse of theirs: told apart by exit codes and words.

use super::super::peers::{Peer, SessionReuse};
use super::client::Client;
use crate::programs::run;
use crate::sandbox::{everything, path};

fn both() -> [Peer; 2] {
    [Peer::vsftpd(SessionReuse::Required), Peer::pyftpdlib()]
}

#[test]
fn ping_tells_of_the_certificate_and_leaves_at_most_an_empty_inbox() {
    for peer in both().into_iter().chain([Peer::vsftpd(SessionReuse::NotRequired)]) {
        let client = Client::of(&peer, "");
        let told = client.run(client.pinned(client.ping())).expect_code(0);
        assert!(told.stdout.contains(&peer.fingerprint()), "{told:?}");
        assert_eq!(everything(&peer.folder("")), [peer.folder("/inbox")]);
        // From now on the server is known.
        assert_eq!(client.known_servers(), client.acquaintance());
        client.run(client.ping()).expect_code(0);
    }
}

#[test]
fn a_certificate_known_by_its_file() {
    for peer in both() {
        let client = Client::of(&peer, "");
        let certificate = peer.certificate().to_str().unwrap();
        client.run(client.ping().into_iter().chain(["--server-certificate", certificate])).expect_code(0);
    }
}

#[test]
fn an_authority_vouches_for_an_address_and_no_other() {
    for mut peer in both() {
        for (name, code) in [("IP:127.0.0.1", 0), ("DNS:ftp.example.org", 14)] {
            let authority = peer.be_vouched_for(name);
            let client = Client::of(&peer, "");
            client.run(client.ping().into_iter().chain(["--server-ca", path(&authority)])).expect_code(code);
        }
    }
}

#[test]
fn a_wrong_password_is_13() {
    for peer in both() {
        let client = Client::of(&peer, "");
        for arguments in [client.pinned(client.ping()), client.pinned(client.init())] {
            let ended = run(client.command(arguments).env("HESTAT_PASSWORD", "guessed")).expect_code(13);
            assert!(!ended.stderr.contains("guessed"), "{ended:?}");
        }
    }
}

#[test]
fn an_unknown_certificate_is_14() {
    for peer in both() {
        let client = Client::of(&peer, "");
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(14).says(&["--server-fingerprint", &peer.fingerprint()]);
        }
        assert_eq!(client.known_servers(), "");
    }
}

#[test]
fn a_changed_certificate_is_15() {
    for mut peer in both() {
        let client = Client::of(&peer, "");
        client.run(client.pinned(client.ping())).expect_code(0);
        let before = peer.fingerprint();
        peer.change_certificate();
        assert_ne!(peer.fingerprint(), before);
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(15).says(&[&before, &peer.fingerprint()]);
        }
        assert_eq!(client.known_servers(), client.acquaintance());
    }
}

#[test]
fn an_account_that_may_not_write_is_17() {
    let vsftpd = Peer::vsftpd(SessionReuse::Required);
    vsftpd.make_root_read_only();
    for peer in [vsftpd, Peer::read_only_pyftpdlib()] {
        let client = Client::of(&peer, "");
        client.run(client.pinned(client.init())).expect_code(17).says(&["init --resume"]);
        client.run(client.ping()).expect_code(17);
        assert!(everything(&peer.folder("")).is_empty());
    }
}
