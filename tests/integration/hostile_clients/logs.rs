//! The log tells who did what, how much and how long, and nothing that a client would have it tell.

use serde_json::Value;

use super::client::{Client, ELSEWHERE};
use crate::sandbox::TestServer;

/// A password that is wrong, and must not be seen all the same: it may be one elsewhere.
const WRONG: &str = "a-wrong-but-dear-password";

/// Does and says everything that might leave a trace; returns the log.
fn everything_said(options: &[&str]) -> (TestServer, String) {
    let mut served = TestServer::new(options);
    let mut guesser = Client::silent(&served, ELSEWHERE);
    assert_eq!(guesser.reply(), 220);
    guesser.secure();
    assert_eq!(guesser.login("evil\x1b[2J\u{202e}\x07\u{85} INFO logged in", WRONG), 530);
    assert_eq!(guesser.say("USER x\rINFO forged line"), 331);
    assert_eq!(guesser.say(&format!("PASS {WRONG}\r\x1b[31m")), 530);
    guesser.say(&format!("PASS {WRONG}"));
    guesser.say("\x1b[2J\x07 INFO forged");
    let mut client = Client::member(&served);
    assert_eq!(client.store("STOR \u{202e}ü\" INFO forged", &[7; 12_345]), 226);
    assert_eq!(client.say("MKD \u{2066}folder user=root"), 257);
    assert_eq!(client.store("STOR evil\x1b[2J", b"x"), 553);
    assert_eq!(client.store("STOR name", &[7; 54_321]), 226);
    assert_eq!((client.say("RNFR name"), client.say("RNTO other")), (350, 250));
    assert_eq!(client.fetch("RETR other").unwrap().len(), 54_321);
    assert_eq!((client.say("DELE other"), client.say("QUIT")), (250, 221));
    served.run(&["ping"]).expect_code(0);
    assert_eq!(served.stop(), Some(0));
    let log = served.log();
    (served, log)
}

#[track_caller]
fn assert_clean(served: &TestServer, log: &str) {
    let commands =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || c.is_control() && c != '\n';
    assert!(!log.contains(commands), "{log:?}");
    assert!(!log.contains(WRONG) && !log.contains(&served.password()), "{log}");
}

#[test]
fn the_log_says_who_did_what_and_how_much() {
    let (served, log) = everything_said(&[]);
    assert_clean(&served, &log);
    let told = |words: &[&str]| log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count();
    let client = ["peer=127.0.0.1:", "user=\"hestat\""];
    assert_eq!(told(&[&client[..], &["STOR", "path=\"/name\"", "bytes=54321", "milliseconds="]].concat()), 1, "{log}");
    assert_eq!(told(&[&client[..], &["RETR", "path=\"/other\"", "bytes=54321"]].concat()), 1, "{log}");
    assert_eq!(told(&[&client[..], &["RNTO", "path=\"/other\""]].concat()), 1, "{log}");
    assert_eq!(told(&[&client[..], &["DELE", "path=\"/other\""]].concat()), 1, "{log}");
    assert_eq!(told(&["peer=127.0.0.2:", "login refused"]), 2, "{log}");
    assert_eq!(told(&["peer=127.0.0.2:", "disconnected", "seconds="]), 1, "{log}");
    // Each line is one that the server began.
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains(" INFO ")), "{log}");
}

/// Long names and many connections: what strangers do fills no log.
#[test]
fn strangers_can_make_it_log_so_much_and_no_more() {
    let mut served = TestServer::new(&[]);
    let mut guessers: Vec<Client> = (0..60).map(|_| Client::secured(&served)).collect();
    let login = format!("USER {}\r\nPASS {WRONG}\r\n", "\u{202e}".repeat(5000));
    for guesser in &mut guessers {
        guesser.send(login.repeat(3).as_bytes()).unwrap();
    }
    guessers.iter_mut().for_each(Client::wait_for_end);
    for _ in 0..300 {
        Client::silent(&served, ELSEWHERE).wait_for_greeting();
    }
    assert_eq!(served.stop(), Some(0));
    let log = served.log();
    assert_clean(&served, &log);
    let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert!(log.lines().all(|line| line.len() < 500), "{log}");
    assert!(lines("login refused") == 100 && lines("connected") <= 110, "{log}");
    assert!(lines("lines=80") == 1 && lines("more refused logins") == 1 && lines("more connections") == 1, "{log}");
    assert!(log.len() < 64 << 10, "{}", log.len());
}

#[test]
fn the_json_log_is_json_line_by_line() {
    let (served, log) = everything_said(&["--log-json"]);
    assert_clean(&served, &log);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored = lines.iter().find(|line| line["path"] == "/name" && line["command"] == "STOR").unwrap();
    assert_eq!((&stored["user"], &stored["bytes"]), (&"hestat".into(), &54_321.into()));
    assert!(stored["milliseconds"].is_u64() && stored["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let refused = lines.iter().filter(|line| line["message"] == "login refused").count();
    assert_eq!(refused, 2);
    assert!(lines.iter().all(|line| line["level"] == "INFO" && line["timestamp"].is_string()));
}
