//! A server that fails at any one step of a conversation that was honest so far.

use std::fs;

use super::manner::{Answer, Manner, say};
use super::stage::{Act, Stage};
use super::{assert_refused, try_all};

/// The codes with which a command may end that a server failed.
const FAILED: [i32; 10] = [6, 11, 12, 13, 16, 17, 18, 19, 20, 10];

/// What a server can do wrong at a step, and the codes for it if only these are right.
fn failures() -> Vec<(&'static str, Answer, Option<&'static [i32]>)> {
    let escapes = "550 \x1b]0;owned\x07\x1b[2J\x1b[31mall is well\r\x08\x7f \u{9b}31m";
    vec![
        ("the end", Answer::Close, None),
        ("silence", Answer::Silence, Some(&[12])),
        ("a drip", Answer::Drip(b"200-a\r\n".into()), Some(&[12])),
        ("an endless line", Answer::Endless(b"200 and so on ".into()), Some(&[20])),
        ("endless lines", Answer::Endless(b"250-and so on\r\n".into()), Some(&[20])),
        ("bytes", Answer::Say(b"\xff\xfe\x00\x80\x1b[2J\r\n".into()), Some(&[20])),
        ("a wrong code of success", say("299 well"), None),
        ("a code that comes later", say("150 soon"), None),
        ("one for another command", say("350 and?"), None),
        ("two replies", Answer::SayFirst(b"200 one\r\n".into()), None),
        ("an error that passes", say("450 not now"), None),
        ("no more service", say("421 shutting down"), None),
        ("escapes", say(escapes), None),
    ]
}

/// The first words of the lines that an honest server hears.
fn verbs(heard: Vec<String>) -> Vec<String> {
    let mut verbs: Vec<String> = heard.into_iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    verbs.sort();
    verbs.dedup();
    verbs
}

/// A step, a failure, and the codes for it if only these are right.
type Case = (String, &'static str, Answer, Option<&'static [i32]>);

/// Each failure at each of these steps, and when the data has been moved.
fn cases(verbs: &[String]) -> Vec<Case> {
    let moved = ["DONE".to_owned()];
    let mut cases = Vec::new();
    for step in verbs.iter().filter(|verb| *verb != "QUIT").chain(&moved) {
        cases.extend(failures().into_iter().map(|(what, answer, codes)| (step.clone(), what, answer, codes)));
    }
    cases
}

/// Whether a command may do without this one, or not wait for its answer.
fn is_optional(step: &str) -> bool {
    ["OPTS", "FEAT", "SYST", "CLNT", "NOOP", "ALLO", "PWD", "MDTM", "STAT", "SITE", "AVBL", "DELE"].contains(&step)
}

#[test]
fn an_upload_fails_clearly_or_not_at_all() {
    let stage = Stage::new(Manner::honest());
    stage.init("honest").expect_code(0);
    let verbs = verbs(stage.peer.heard());
    assert!(["AUTH", "PASS", "STOR", "SIZE", "RNTO"].iter().all(|verb| verbs.iter().any(|heard| heard == verb)));
    try_all(
        cases(&verbs),
        || Stage::new(Manner::honest()),
        |stage, (step, what, answer, codes)| {
            let what = format!("{what} at {step}");
            stage.peer.set_manner(Manner::at(&step, answer));
            let ended = stage.init(&what);
            if ended.code == Some(0) {
                assert!(stage.has_dataset(), "{what}: {ended:?}");
                fs::remove_dir_all(stage.sandbox.server().join("inbox")).unwrap();
                return;
            }
            assert_refused(&what, &ended, codes.filter(|_| !is_optional(&step)).unwrap_or(&FAILED));
            go_on(stage, &what, &ended.stderr);
        },
    );
}

/// The job, if there is one, goes on over an honest server, as the message said.
fn go_on(stage: &Stage, what: &str, message: &str) {
    stage.peer.set_manner(Manner::honest());
    let Some((_, rest)) = message.rsplit_once("init --resume ") else { return };
    let job: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let resume = &mut stage.command(&["init", "--resume", &job]);
    super::watched::watch(what, resume).expect_code(0);
    assert!(stage.has_dataset(), "{what}");
    fs::remove_dir_all(stage.sandbox.server().join("inbox")).unwrap();
}

#[test]
fn a_download_fails_clearly_or_not_at_all() {
    let act = Act::new();
    act.stage.peer.heard();
    act.answered("honest", Manner::honest()).expect_code(0);
    let verbs = verbs(act.stage.peer.heard());
    assert!(verbs.iter().any(|verb| verb == "RETR"), "{verbs:?}");
    try_all(cases(&verbs), Act::new, |act, (step, what, answer, codes)| {
        let what = format!("{what} at {step}");
        let ended = act.answered(&what, Manner::at(&step, answer));
        if ended.code == Some(0) {
            assert!(act.results().as_ref() == Some(&act.expected), "{what}");
            return;
        }
        // Whoever hears of no totals may ask how far they are.
        let of_size = [4, 6, 11, 12, 17, 20];
        let codes = if step == "SIZE" { Some(of_size.as_slice()) } else { codes };
        assert_refused(&what, &ended, codes.filter(|_| !is_optional(&step)).unwrap_or(&FAILED));
        assert_eq!(act.results(), None, "{what}");
        act.assert_unspoilt(&what);
    });
}

/// What a server says is quoted, if at all, without what commands a terminal.
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
        || Stage::new(Manner::honest()),
        |stage, (step, reply)| {
            let what = format!("{reply:?} at {step}");
            stage.peer.set_manner(Manner::at(step, Answer::Say(reply.into_bytes())));
            // What is harmless is seen while watching.
            let codes = [stage.init(&what).code, stage.ping(&what).code];
            assert!(codes.iter().all(Option::is_some), "{what}: {codes:?}");
        },
    );
}
