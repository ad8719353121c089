//! Whole jobs over foreign servers.

use super::super::peers::{Peer, SessionReuse};
use super::client::{Client, FIGURES, ROWS};
use crate::sandbox::{entries, everything};

/// Runs a job from the table to its statistics and deletes it again, with `hestat compute --watch` beside the server.
fn whole_job(peer: &Peer, directory: &str) {
    let client = Client::of(peer, directory);
    let compute = peer.compute(directory);
    let made = client.run(client.pinned(client.init())).expect_code(0).json();
    let job = made["job"].as_str().unwrap();
    assert_eq!(client.known_servers(), client.known_server_line());

    let wait = ["result", "--json", "--wait", "--timeout", "60", "--check", "sample.csv"];
    let result = client.run(wait).expect_code(0).json();
    let check = serde_json::json!({ "figures": FIGURES, "differences": [], "same_file": true });
    assert_eq!((&result["check"], &result["rows"]), (&check, &ROWS.into()));

    let forgotten = client.run(["forget", "--json", job]).expect_code(0).json();
    assert_eq!(forgotten, serde_json::json!({ "job": job, "server_cleaned": true }));
    let data = peer.directory(directory);
    assert_eq!((entries(&data), everything(&data).len()), (vec!["inbox".into(), "outbox".into()], 2));
    assert_eq!(compute.log(), format!("job {job} computed\n"));
    assert_eq!(compute.stop(), Some(0));
}

#[test]
fn vsftpd_that_requires_session_reuse() {
    whole_job(&Peer::vsftpd(SessionReuse::Required), "");
}

#[test]
fn vsftpd_that_requires_no_session_reuse() {
    whole_job(&Peer::vsftpd(SessionReuse::NotRequired), "");
}

/// vsftpd answers a denied command with 550.
#[test]
fn vsftpd_that_denies_epsv() {
    whole_job(&Peer::vsftpd_with(SessionReuse::Required, "cmds_denied=EPSV\n"), "");
}

#[test]
fn pyftpdlib() {
    whole_job(&Peer::pyftpdlib(), "");
}

#[test]
fn a_subdirectory_of_a_server() {
    for peer in [Peer::vsftpd(SessionReuse::Required), Peer::pyftpdlib()] {
        peer.make_directory("/studies");
        whole_job(&peer, "/studies");
    }
}
