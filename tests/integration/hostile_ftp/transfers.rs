//! A server that transfers other data than it should, or none.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::{assert_refused, try_all};
use crate::sandbox::CommandOutput;

#[test]
fn endless_totals_are_refused_without_being_read() {
    let computed = FetchableJob::new();
    let endless = |bytes: &[u8]| Reaction::Data { bytes: bytes.into(), endless: vec![0x55; 4096] };
    let correct = fs::read(computed.totals()).unwrap();
    let longer = [correct.as_slice(), b"and more"].concat();
    let more = Reaction::Data { bytes: longer, endless: Vec::new() };
    for (case, reaction) in [("endless", endless(&[])), ("endless after the end", endless(&correct)), ("more", more)] {
        let output = computed.result_with(case, Behavior::at("RETR", reaction));
        assert_refused(case, &output, &[7]);
        computed.assert_job_intact(case);
    }
}

#[test]
fn an_endless_status_is_not_read_to_its_end() {
    let computed = FetchableJob::new();
    fs::remove_file(computed.totals()).unwrap();
    fs::write(computed.totals().with_file_name("status.json"), "{}").unwrap();
    let reaction = Reaction::Data { bytes: b"{\"job\":".into(), endless: b" ".into() };
    let output = computed.result_with("an endless status", Behavior::at("RETR", reaction));
    assert_refused("an endless status", &output, &[4, 6, 20]);
}

#[test]
fn escapes_in_a_status_are_removed() {
    let computed = FetchableJob::new();
    fs::remove_file(computed.totals()).unwrap();
    let reason = "\\u001b]0;owned\\u0007\\u001b[2J\\r\\u0008\\u007f\\u009b31m done \\n\\n";
    let job = &computed.job;
    let status = format!("{{\"job\":\"{job}\",\"state\":\"failed\",\"reason\":\"{reason}\",\"time\":1}}");
    fs::write(computed.totals().with_file_name("status.json"), status).unwrap();
    assert_refused("escapes", &computed.result_with("escapes", Behavior::correct()), &[10]);
}

/// Truncated totals are reported as damaged or fetched again; the job stays intact.
#[test]
fn truncated_totals_are_not_decrypted() {
    let computed = FetchableJob::new();
    let correct = fs::read(computed.totals()).unwrap();
    for length in [0, 1, 31, 32, 100, correct.len() / 2, correct.len() - 32, correct.len() - 1] {
        let case = format!("{length} bytes");
        let reaction = Reaction::Data { bytes: correct[..length].to_vec(), endless: Vec::new() };
        let output = computed.result_with(&case, Behavior::at("RETR", reaction));
        assert_refused(&case, &output, &[6, 9, 20]);
        computed.assert_job_intact(&case);
    }
}

fn forget(computed: &FetchableJob, case: &str) -> CommandOutput {
    super::monitor::run_monitored(case, &mut computed.fixture.command(&["forget", &computed.job.to_string()]))
}

#[test]
fn endless_listings_end() {
    let lines = |line: &str| Reaction::Data { bytes: Vec::new(), endless: line.as_bytes().to_vec() };
    let cases = vec![
        ("names", lines("and another\r\n")),
        ("one name", lines("and so on ")),
        ("empty names", lines("\r\n")),
        ("names that climb", lines("../../../etc/passwd\r\n")),
        ("machine's lines", lines("type=file;size=1; name\r\n")),
    ];
    let listing = |line: &str| ["NLST", "LIST", "MLSD"].iter().any(|verb| line.starts_with(verb));
    let no_set_up = || ();
    try_all(cases, no_set_up, |(), (case, reaction)| {
        let computed = FetchableJob::new();
        let list = move |line: &str| if listing(line) { reaction.clone() } else { Reaction::Correct };
        computed.fixture.server.set_behavior(Behavior::with_reactions(list));
        let output = forget(&computed, case);
        if output.code != Some(0) {
            assert_refused(case, &output, &[6, 12, 20]);
        }
    });
}

/// Whatever a server lists, nothing outside the job's two directories is deleted.
#[test]
fn names_in_a_listing_are_not_followed_elsewhere() {
    let computed = FetchableJob::new();
    let names = "../../precious\r\n/precious\r\n..\r\n.\r\n\x1b[2J\r\na\0b\r\n";
    let listing = |line: &str| ["NLST", "LIST", "MLSD"].iter().any(|verb| line.starts_with(verb));
    let reaction = Reaction::Data { bytes: names.as_bytes().to_vec(), endless: Vec::new() };
    computed.fixture.server.received_lines();
    let list = move |line: &str| if listing(line) { reaction.clone() } else { Reaction::Correct };
    computed.fixture.server.set_behavior(Behavior::with_reactions(list));
    forget(&computed, "names that climb");
    for line in computed.fixture.server.received_lines() {
        let deletes = line.starts_with("DELE") || line.starts_with("RMD");
        assert!(!deletes || line.contains(&computed.job.to_string()) && !line.contains(".."), "{line:?}");
    }
}

/// A correct server may finish between two commands: the totals exist and the dataset is gone.
#[test]
fn a_job_computed_between_two_commands_is_not_lost() {
    let computed = FetchableJob::new();
    fs::remove_dir_all(computed.dataset().parent().unwrap()).unwrap();
    let queries = AtomicU64::new(0);
    let behavior = Behavior::with_reactions(move |line| {
        let is_query = line.starts_with("SIZE") && line.ends_with("totals.hes");
        let too_early = is_query && queries.fetch_add(1, Ordering::SeqCst) == 0;
        if too_early { send_reply("550 not yet") } else { Reaction::Correct }
    });
    let output = computed.result_with("computed meanwhile", behavior);
    assert!(matches!(output.code, Some(0 | 4)), "{output:?}");
}

/// The data connection opens, but TLS never begins.
#[test]
fn a_data_connection_without_a_handshake_is_a_timeout() {
    let fixture = Fixture::new(Behavior::at("DATA STOR", Reaction::Silence));
    assert_refused("upload", &fixture.init("upload"), &[12]);
    let computed = FetchableJob::new();
    let output = computed.result_with("download", Behavior::at("DATA RETR", Reaction::Silence));
    assert_refused("download", &output, &[12]);
    computed.assert_job_intact("download");
}

#[test]
fn reply_codes_map_to_exit_codes() {
    let cases = vec![
        ("STOR", "452 Insufficient storage space in system", [18, 18]),
        ("STOR", "552 Exceeded storage allocation", [19, 19]),
        ("DONE STOR", "452 Insufficient storage space in system", [18, 18]),
        ("DONE STOR", "552 Exceeded storage allocation", [19, 19]),
        ("STOR", "550 Permission denied", [17, 17]),
        ("STOR", "553 Could not create file", [17, 6]),
        ("RNTO", "550 Permission denied", [17, 6]),
        ("USER", "530 Not logged in", [13, 13]),
        ("PASS", "530 Login incorrect", [13, 13]),
        ("AUTH", "530 Please log in first", [16, 16]),
        ("PROT", "536 not encrypted", [16, 20]),
    ];
    try_all(
        cases,
        || Fixture::new(Behavior::correct()),
        |fixture, (step, reply, codes)| {
            let case = format!("{reply} at {step}");
            fixture.server.set_behavior(Behavior::at(step, send_reply(reply)));
            assert_refused(&case, &fixture.init(&case), &codes);
            assert!(!fixture.has_dataset(), "{case}");
        },
    );
}

/// If data connections cannot be encrypted, none is opened.
#[test]
fn without_encrypted_data_connections_nothing_is_sent() {
    for refusal in ["502 what?", "534 no", "536 not that"] {
        let fixture = Fixture::new(Behavior::at("PROT", send_reply(refusal)));
        assert_refused(refusal, &fixture.init(refusal), &[16, 20]);
        assert_eq!(fixture.server.received(), 0);
        assert!(!fixture.server.received_lines().iter().any(|line| line.starts_with("STOR")));
    }
}
