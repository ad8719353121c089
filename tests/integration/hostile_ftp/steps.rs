//! A server that behaves correctly until one step, and fails there.

use std::fs;

use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::{assert_refused, try_all};

/// Exit codes allowed after a server failure.
const FAILURE_CODES: [i32; 10] = [6, 11, 12, 13, 16, 17, 18, 19, 20, 10];

/// What a server can do wrong at a step, and the exit codes if only these are right.
fn failures() -> Vec<(&'static str, Reaction, Option<&'static [i32]>)> {
    let escapes = "550 \x1b]0;owned\x07\x1b[2J\x1b[31mall is well\r\x08\x7f \u{9b}31m";
    vec![
        ("the end", Reaction::Close, None),
        ("silence", Reaction::Silence, Some(&[12])),
        ("a drip", Reaction::Drip(b"200-a\r\n".into()), Some(&[12])),
        ("an endless line", Reaction::Endless(b"200 and so on ".into()), Some(&[20])),
        ("endless lines", Reaction::Endless(b"250-and so on\r\n".into()), Some(&[20])),
        ("bytes", Reaction::Send(b"\xff\xfe\x00\x80\x1b[2J\r\n".into()), Some(&[20])),
        ("a wrong code of success", send_reply("299 well"), None),
        ("a code that comes later", send_reply("150 soon"), None),
        ("one for another command", send_reply("350 and?"), None),
        ("two replies", Reaction::SendFirst(b"200 one\r\n".into()), None),
        ("an error that passes", send_reply("450 not now"), None),
        ("no more service", send_reply("421 shutting down"), None),
        ("escapes", send_reply(escapes), None),
    ]
}

/// Returns the distinct commands in these lines.
fn verbs(lines: Vec<String>) -> Vec<String> {
    let mut verbs: Vec<String> = lines.into_iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    verbs.sort();
    verbs.dedup();
    verbs
}

/// A step, a failure's name, the failure, and the exit codes if only these are right.
type Case = (String, &'static str, Reaction, Option<&'static [i32]>);

/// Combines each failure with each command, and with the end of a transfer.
fn cases(verbs: &[String]) -> Vec<Case> {
    let after_transfer = ["DONE".to_owned()];
    let mut cases = Vec::new();
    for step in verbs.iter().filter(|verb| *verb != "QUIT").chain(&after_transfer) {
        cases.extend(failures().into_iter().map(|(case, reaction, codes)| (step.clone(), case, reaction, codes)));
    }
    cases
}

/// Returns whether a client may work without this command or not wait for its reply.
fn is_optional(step: &str) -> bool {
    ["OPTS", "FEAT", "SYST", "CLNT", "NOOP", "ALLO", "PWD", "MDTM", "STAT", "SITE", "AVBL", "DELE"].contains(&step)
}

#[test]
fn an_upload_fails_clearly_or_not_at_all() {
    let fixture = Fixture::new(Behavior::correct());
    fixture.init("honest").expect_code(0);
    let verbs = verbs(fixture.server.received_lines());
    assert!(["AUTH", "PASS", "STOR", "SIZE", "RNTO"].iter().all(|verb| verbs.iter().any(|lines| lines == verb)));
    try_all(
        cases(&verbs),
        || Fixture::new(Behavior::correct()),
        |fixture, (step, case, reaction, codes)| {
            let case = format!("{case} at {step}");
            fixture.server.set_behavior(Behavior::at(&step, reaction));
            let output = fixture.init(&case);
            if output.code == Some(0) {
                assert!(fixture.has_dataset(), "{case}: {output:?}");
                fs::remove_dir_all(fixture.sandbox.server().join("inbox")).unwrap();
                return;
            }
            assert_refused(&case, &output, codes.filter(|_| !is_optional(&step)).unwrap_or(&FAILURE_CODES));
            resume(fixture, &case, &output.stderr);
        },
    );
}

/// Resumes the job, if there is one, with a correct server, as the message advised.
fn resume(fixture: &Fixture, case: &str, message: &str) {
    fixture.server.set_behavior(Behavior::correct());
    let Some((_, rest)) = message.rsplit_once("init --resume ") else { return };
    let job: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let resume = &mut fixture.command(&["init", "--resume", &job]);
    super::monitor::run_monitored(case, resume).expect_code(0);
    assert!(fixture.has_dataset(), "{case}");
    fs::remove_dir_all(fixture.sandbox.server().join("inbox")).unwrap();
}

#[test]
fn a_download_fails_clearly_or_not_at_all() {
    let computed = FetchableJob::new();
    computed.fixture.server.received_lines();
    computed.result_with("honest", Behavior::correct()).expect_code(0);
    let verbs = verbs(computed.fixture.server.received_lines());
    assert!(verbs.iter().any(|verb| verb == "RETR"), "{verbs:?}");
    try_all(cases(&verbs), FetchableJob::new, |computed, (step, case, reaction, codes)| {
        let case = format!("{case} at {step}");
        let output = computed.result_with(&case, Behavior::at(&step, reaction));
        if output.code == Some(0) {
            assert!(computed.results().as_ref() == Some(&computed.expected), "{case}");
            return;
        }
        // Without totals the client may ask for the job's status.
        let size_codes = [4, 6, 11, 12, 17, 20];
        let codes = if step == "SIZE" { Some(size_codes.as_slice()) } else { codes };
        assert_refused(&case, &output, codes.filter(|_| !is_optional(&step)).unwrap_or(&FAILURE_CODES));
        assert_eq!(computed.results(), None, "{case}");
        computed.assert_job_intact(&case);
    });
}

/// Control characters in a server's replies are not passed on to the terminal.
#[test]
fn escapes_in_replies_reach_no_terminal() {
    let escapes = "\x1b]0;owned\x07\x1b[2J\x1b[31mall is well\r\x08\x7f \u{9b}31m \u{202e}";
    let steps = ["GREETING", "AUTH", "USER", "PASS", "PBSZ", "PROT", "TYPE", "SYST", "FEAT", "EPSV", "SIZE", "STOR"];
    let mut cases = Vec::new();
    for step in steps.into_iter().chain(["DONE STOR", "MKD", "RNFR", "RNTO", "NLST", "MLSD", "STAT", "SITE"]) {
        for code in ["220", "230", "250", "421", "530", "550", "553", "452"] {
            cases.push((step, format!("{code} {escapes}\r\n")));
            cases.push((step, format!("{code}-{escapes}\r\n {escapes}\r\n{code} {escapes}\r\n")));
        }
    }
    try_all(
        cases,
        || Fixture::new(Behavior::correct()),
        |fixture, (step, reply)| {
            let case = format!("{reply:?} at {step}");
            fixture.server.set_behavior(Behavior::at(step, Reaction::Send(reply.into_bytes())));
            // The monitor checks the output for control characters.
            let codes = [fixture.init(&case).code, fixture.ping(&case).code];
            assert!(codes.iter().all(Option::is_some), "{case}: {codes:?}");
        },
    );
}
