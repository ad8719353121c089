//! Whole jobs on third-party servers.

use super::super::servers::{SessionReuse, ThirdPartyServer};
use super::client::{Client, ROWS, STATISTIC_COUNT};
use crate::sandbox::{entries, everything};

/// Runs a job from the table to its statistics and deletes it again, with `hestat compute --watch` beside the server.
fn whole_job(server: &ThirdPartyServer, directory: &str) {
    let client = Client::of(server, directory);
    let compute = server.compute(directory);
    let created = client.run(client.pinned(client.init())).expect_code(0).json();
    let job = created["job"].as_str().unwrap();
    assert_eq!(client.known_servers(), client.known_server_line());

    let wait = ["result", "--json", "--wait", "--timeout", "60", "--check", "sample.csv"];
    let result = client.run(wait).expect_code(0).json();
    let check = serde_json::json!({ "figures": STATISTIC_COUNT, "differences": [], "same_file": true });
    assert_eq!((&result["check"], &result["rows"]), (&check, &ROWS.into()));

    let forgotten = client.run(["forget", "--json", job]).expect_code(0).json();
    assert_eq!(forgotten, serde_json::json!({ "job": job, "server_cleaned": true }));
    let data = server.directory(directory);
    assert_eq!((entries(&data), everything(&data).len()), (vec!["inbox".into(), "outbox".into()], 2));
    assert_eq!(compute.log(), format!("job {job} computed\n"));
    assert_eq!(compute.stop(), Some(0));
}

#[test]
fn a_whole_job_on_vsftpd_that_requires_session_reuse() {
    whole_job(&ThirdPartyServer::vsftpd(SessionReuse::Required), "");
}

#[test]
fn a_whole_job_on_vsftpd_without_session_reuse() {
    whole_job(&ThirdPartyServer::vsftpd(SessionReuse::NotRequired), "");
}

/// vsftpd replies 550 to a denied command.
#[test]
fn a_whole_job_on_vsftpd_that_denies_epsv() {
    whole_job(&ThirdPartyServer::vsftpd_with(SessionReuse::Required, "cmds_denied=EPSV\n"), "");
}

#[test]
fn a_whole_job_on_pyftpdlib() {
    whole_job(&ThirdPartyServer::pyftpdlib(), "");
}

#[test]
fn a_whole_job_in_a_subdirectory() {
    for server in [ThirdPartyServer::vsftpd(SessionReuse::Required), ThirdPartyServer::pyftpdlib()] {
        server.make_directory("/studies");
        whole_job(&server, "/studies");
    }
}
