//! What servers refuse, and what the client refuses: each case has its exit code and message.

use super::super::servers::{SessionReuse, ThirdPartyServer};
use super::client::Client;
use crate::programs::run;
use crate::sandbox::{everything, path};

fn both_servers() -> [ThirdPartyServer; 2] {
    [ThirdPartyServer::vsftpd(SessionReuse::Required), ThirdPartyServer::pyftpdlib()]
}

#[test]
fn ping_prints_the_fingerprint_and_leaves_at_most_an_empty_inbox() {
    for server in both_servers().into_iter().chain([ThirdPartyServer::vsftpd(SessionReuse::NotRequired)]) {
        let client = Client::of(&server, "");
        let output = client.run(client.pinned(client.ping())).expect_code(0);
        assert!(output.stdout.contains(&server.fingerprint()), "{output:?}");
        assert_eq!(everything(&server.directory("")), [server.directory("/inbox")]);
        // The server is known from now on.
        assert_eq!(client.known_servers(), client.known_server_line());
        client.run(client.ping()).expect_code(0);
    }
}

#[test]
fn a_certificate_can_be_given_as_a_file() {
    for server in both_servers() {
        let client = Client::of(&server, "");
        let certificate = server.certificate().to_str().unwrap();
        client.run(client.ping().into_iter().chain(["--server-certificate", certificate])).expect_code(0);
    }
}

#[test]
fn a_ca_signed_certificate_is_valid_for_its_address_only() {
    for mut server in both_servers() {
        for (name, code) in [("IP:127.0.0.1", 0), ("DNS:ftp.example.org", 14)] {
            let ca = server.use_ca_signed_certificate(name);
            let client = Client::of(&server, "");
            client.run(client.ping().into_iter().chain(["--server-ca", path(&ca)])).expect_code(code);
        }
    }
}

#[test]
fn a_wrong_password_exits_with_13() {
    for server in both_servers() {
        let client = Client::of(&server, "");
        for arguments in [client.pinned(client.ping()), client.pinned(client.init())] {
            let output = run(client.command(arguments).env("HESTAT_PASSWORD", "guessed")).expect_code(13);
            assert!(!output.stderr.contains("guessed"), "{output:?}");
        }
    }
}

#[test]
fn an_unknown_certificate_exits_with_14() {
    for server in both_servers() {
        let client = Client::of(&server, "");
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(14).says(&["--server-fingerprint", &server.fingerprint()]);
        }
        assert_eq!(client.known_servers(), "");
    }
}

#[test]
fn a_changed_certificate_exits_with_15() {
    for mut server in both_servers() {
        let client = Client::of(&server, "");
        client.run(client.pinned(client.ping())).expect_code(0);
        let before = server.fingerprint();
        server.change_certificate();
        assert_ne!(server.fingerprint(), before);
        for arguments in [client.ping().map(str::to_owned).into(), client.init()] {
            client.run(arguments).expect_code(15).says(&[&before, &server.fingerprint()]);
        }
        assert_eq!(client.known_servers(), client.known_server_line());
    }
}

#[test]
fn an_account_without_write_permission_exits_with_17() {
    let vsftpd = ThirdPartyServer::vsftpd(SessionReuse::Required);
    vsftpd.make_root_read_only();
    for server in [vsftpd, ThirdPartyServer::read_only_pyftpdlib()] {
        let client = Client::of(&server, "");
        client.run(client.pinned(client.init())).expect_code(17).says(&["init --resume"]);
        client.run(client.ping()).expect_code(17);
        assert!(everything(&server.directory("")).is_empty());
    }
}
