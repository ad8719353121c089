//! A server that moves other data than it should, or none.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::manner::{Answer, Manner, say};
use super::stage::{Act, Stage};
use super::{assert_refused, try_all};
use crate::sandbox::CommandOutput;

#[test]
fn an_endless_answer_is_refused_without_being_read() {
    let act = Act::new();
    let endless = |bytes: &[u8]| Answer::Data { bytes: bytes.into(), endless: vec![0x55; 4096] };
    let honest = fs::read(act.file("outbox", "totals.hes")).unwrap();
    let longer = [honest.as_slice(), b"and more"].concat();
    let more = Answer::Data { bytes: longer, endless: Vec::new() };
    for (what, answer) in [("endless", endless(&[])), ("endless after the end", endless(&honest)), ("more", more)] {
        let ended = act.answered(what, Manner::at("RETR", answer));
        assert_refused(what, &ended, &[7]);
        act.assert_unspoilt(what);
    }
}

#[test]
fn an_endless_status_is_nothing_that_is_read_to_its_end() {
    let act = Act::new();
    fs::remove_file(act.file("outbox", "totals.hes")).unwrap();
    fs::write(act.file("outbox", "status.json"), "{}").unwrap();
    let answer = Answer::Data { bytes: b"{\"job\":".into(), endless: b" ".into() };
    let ended = act.answered("an endless status", Manner::at("RETR", answer));
    assert_refused("an endless status", &ended, &[4, 6, 20]);
}

#[test]
fn a_status_with_escapes_is_quoted_without_them() {
    let act = Act::new();
    fs::remove_file(act.file("outbox", "totals.hes")).unwrap();
    let reason = "\\u001b]0;owned\\u0007\\u001b[2J\\r\\u0008\\u007f\\u009b31m done \\n\\n";
    let job = &act.job;
    let status = format!("{{\"job\":\"{job}\",\"state\":\"failed\",\"reason\":\"{reason}\",\"time\":1}}");
    fs::write(act.file("outbox", "status.json"), status).unwrap();
    assert_refused("escapes", &act.answered("escapes", Manner::honest()), &[10]);
}

/// An answer that was cut is damaged or fetched again; it spoils nothing.
#[test]
fn an_answer_that_ends_too_soon_is_not_decrypted() {
    let act = Act::new();
    let honest = fs::read(act.file("outbox", "totals.hes")).unwrap();
    for length in [0, 1, 31, 32, 100, honest.len() / 2, honest.len() - 32, honest.len() - 1] {
        let what = format!("{length} bytes");
        let answer = Answer::Data { bytes: honest[..length].to_vec(), endless: Vec::new() };
        let ended = act.answered(&what, Manner::at("RETR", answer));
        assert_refused(&what, &ended, &[6, 9, 20]);
        act.assert_unspoilt(&what);
    }
}

fn forgotten(act: &Act, what: &str) -> CommandOutput {
    super::watched::watch(what, &mut act.stage.command(&["forget", &act.job]))
}

#[test]
fn endless_listings_end() {
    let lines = |line: &str| Answer::Data { bytes: Vec::new(), endless: line.as_bytes().to_vec() };
    let cases = vec![
        ("names", lines("and another\r\n")),
        ("one name", lines("and so on ")),
        ("empty names", lines("\r\n")),
        ("names that climb", lines("../../../etc/passwd\r\n")),
        ("machine's lines", lines("type=file;size=1; name\r\n")),
    ];
    let listing = |line: &str| ["NLST", "LIST", "MLSD"].iter().any(|verb| line.starts_with(verb));
    let nowhere = || ();
    try_all(cases, nowhere, |(), (what, answer)| {
        let act = Act::new();
        let listed = move |line: &str| if listing(line) { answer.clone() } else { Answer::Honest };
        act.stage.peer.set_manner(Manner::tricky(listed));
        let ended = forgotten(&act, what);
        if ended.code != Some(0) {
            assert_refused(what, &ended, &[6, 12, 20]);
        }
    });
}

/// Whatever a server lists, nothing outside the job's two folders is deleted there.
#[test]
fn names_in_a_listing_are_not_followed_elsewhere() {
    let act = Act::new();
    let names = "../../precious\r\n/precious\r\n..\r\n.\r\n\x1b[2J\r\na\0b\r\n";
    let listing = |line: &str| ["NLST", "LIST", "MLSD"].iter().any(|verb| line.starts_with(verb));
    let answer = Answer::Data { bytes: names.as_bytes().to_vec(), endless: Vec::new() };
    act.stage.peer.heard();
    let listed = move |line: &str| if listing(line) { answer.clone() } else { Answer::Honest };
    act.stage.peer.set_manner(Manner::tricky(listed));
    forgotten(&act, "names that climb");
    for line in act.stage.peer.heard() {
        let deletes = line.starts_with("DELE") || line.starts_with("RMD");
        assert!(!deletes || line.contains(&act.job) && !line.contains(".."), "{line:?}");
    }
}

/// An honest server may end its work between two questions: the totals are there, and the dataset is gone.
#[test]
fn a_job_that_is_computed_between_two_questions_is_not_lost() {
    let act = Act::new();
    fs::remove_dir_all(act.file("inbox", "dataset.hes").parent().unwrap()).unwrap();
    let questions = AtomicU64::new(0);
    let manner = Manner::tricky(move |line| {
        let asks = line.starts_with("SIZE") && line.ends_with("totals.hes");
        let too_early = asks && questions.fetch_add(1, Ordering::SeqCst) == 0;
        if too_early { say("550 not yet") } else { Answer::Honest }
    });
    let ended = act.answered("computed meanwhile", manner);
    assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
}

/// The data connection is there, and nothing happens on it.
#[test]
fn a_data_connection_without_a_handshake_is_a_timeout() {
    let stage = Stage::new(Manner::at("DATA STOR", Answer::Silence));
    assert_refused("upload", &stage.init("upload"), &[12]);
    let act = Act::new();
    let ended = act.answered("download", Manner::at("DATA RETR", Answer::Silence));
    assert_refused("download", &ended, &[12]);
    act.assert_unspoilt("download");
}

#[test]
fn reasons_have_codes_of_their_own() {
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
        || Stage::new(Manner::honest()),
        |stage, (step, reply, codes)| {
            let what = format!("{reply} at {step}");
            stage.peer.set_manner(Manner::at(step, say(reply)));
            assert_refused(&what, &stage.init(&what), &codes);
            assert!(!stage.has_dataset(), "{what}");
        },
    );
}

/// If data connections are not encrypted, none is opened.
#[test]
fn without_encrypted_data_connections_nothing_is_sent() {
    for refusal in ["502 what?", "534 no", "536 not that"] {
        let stage = Stage::new(Manner::at("PROT", say(refusal)));
        assert_refused(refusal, &stage.init(refusal), &[16, 20]);
        assert_eq!(stage.peer.received(), 0);
        assert!(!stage.peer.heard().iter().any(|line| line.starts_with("STOR")));
    }
}
