//! The log records who did what, with how many bytes and for how long; a client cannot forge entries.

use serde_json::Value;

use super::client::{Client, OTHER_ADDRESS};
use crate::sandbox::TestServer;

/// A wrong password. It must not be logged either: it may be valid elsewhere.
const WRONG_PASSWORD: &str = "a-wrong-password";

/// Does everything that might leave a trace in the log. Returns the log.
fn provoke_log(options: &[&str]) -> (TestServer, String) {
    let mut served = TestServer::new(options);
    let mut guesser = Client::connected(&served, OTHER_ADDRESS);
    assert_eq!(guesser.reply(), 220);
    guesser.secure();
    assert_eq!(guesser.login("evil\x1b[2J\u{202e}\x07\u{85} INFO logged in", WRONG_PASSWORD), 530);
    assert_eq!(guesser.command("USER x\rINFO forged line"), 331);
    assert_eq!(guesser.command(&format!("PASS {WRONG_PASSWORD}\r\x1b[31m")), 530);
    guesser.command(&format!("PASS {WRONG_PASSWORD}"));
    guesser.command("\x1b[2J\x07 INFO forged");
    let mut client = Client::logged_in(&served);
    assert_eq!(client.store("STOR \u{202e}ü\" INFO forged", &[7; 12_345]), 226);
    assert_eq!(client.command("MKD \u{2066}directory user=root"), 257);
    assert_eq!(client.store("STOR evil\x1b[2J", b"x"), 553);
    assert_eq!(client.store("STOR name", &[7; 54_321]), 226);
    assert_eq!((client.command("RNFR name"), client.command("RNTO other")), (350, 250));
    assert_eq!(client.fetch("RETR other").unwrap().len(), 54_321);
    assert_eq!((client.command("DELE other"), client.command("QUIT")), (250, 221));
    served.run(&["ping"]).expect_code(0);
    assert_eq!(served.stop(), Some(0));
    let log = served.log();
    (served, log)
}

#[track_caller]
fn assert_clean(served: &TestServer, log: &str) {
    let control_characters =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || c.is_control() && c != '\n';
    assert!(!log.contains(control_characters), "{log:?}");
    assert!(!log.contains(WRONG_PASSWORD) && !log.contains(&served.password()), "{log}");
}

#[test]
fn the_log_records_who_did_what_and_how_much() {
    let (served, log) = provoke_log(&[]);
    assert_clean(&served, &log);
    let count = |words: &[&str]| log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count();
    let client = ["peer=127.0.0.1:", "user=\"hestat\""];
    assert_eq!(count(&[&client[..], &["STOR", "path=\"/name\"", "bytes=54321", "milliseconds="]].concat()), 1, "{log}");
    assert_eq!(count(&[&client[..], &["RETR", "path=\"/other\"", "bytes=54321"]].concat()), 1, "{log}");
    assert_eq!(count(&[&client[..], &["RNTO", "path=\"/other\""]].concat()), 1, "{log}");
    assert_eq!(count(&[&client[..], &["DELE", "path=\"/other\""]].concat()), 1, "{log}");
    assert_eq!(count(&["peer=127.0.0.2:", "login refused"]), 2, "{log}");
    assert_eq!(count(&["peer=127.0.0.2:", "disconnected", "seconds="]), 1, "{log}");
    // Each line begins as the server's own lines do.
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains(" INFO ")), "{log}");
}

/// Neither long names nor many connections let clients that are not logged in fill the log.
#[test]
fn clients_without_login_cannot_fill_the_log() {
    let mut served = TestServer::new(&[]);
    let mut guessers: Vec<Client> = (0..60).map(|_| Client::secured(&served)).collect();
    let login = format!("USER {}\r\nPASS {WRONG_PASSWORD}\r\n", "\u{202e}".repeat(5000));
    for guesser in &mut guessers {
        guesser.send(login.repeat(3).as_bytes()).unwrap();
    }
    guessers.iter_mut().for_each(Client::wait_for_end);
    for _ in 0..300 {
        Client::connected(&served, OTHER_ADDRESS).wait_for_greeting();
    }
    assert_eq!(served.stop(), Some(0));
    let log = served.log();
    assert_clean(&served, &log);
    let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert!(log.lines().all(|line| line.len() < 500), "{log}");
    // "disconnected" also matches: one limit applies to both kinds of lines together.
    assert!(lines("login refused") == 100 && lines("connected") <= 110, "{log}");
    assert!(lines("lines=80") == 1 && lines("more refused logins") == 1 && lines("more connections") == 1, "{log}");
    assert!(log.len() < 64 << 10, "{}", log.len());
}

#[test]
fn the_json_log_is_json_line_by_line() {
    let (served, log) = provoke_log(&["--log-json"]);
    assert_clean(&served, &log);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored = lines.iter().find(|line| line["path"] == "/name" && line["command"] == "STOR").unwrap();
    assert_eq!((&stored["user"], &stored["bytes"]), (&"hestat".into(), &54_321.into()));
    assert!(stored["milliseconds"].is_u64() && stored["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let refused = lines.iter().filter(|line| line["message"] == "login refused").count();
    assert_eq!(refused, 2);
    assert!(lines.iter().all(|line| line["level"] == "INFO" && line["timestamp"].is_string()));
}
