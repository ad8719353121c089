//! Names that lead elsewhere, and things in the root that are neither files nor folders: no command touches them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::client::Client;
use crate::sandbox::{TestServer, entries, path};

/// Commands that name a file, and need no data connection.
const PLAIN: [&str; 9] = ["SIZE", "MDTM", "MLST", "CWD", "DELE", "RMD", "RNFR", "MKD", "STAT"];
/// Those that need one.
const DATA: [&str; 6] = ["RETR", "STOR", "APPE", "LIST", "NLST", "MLSD"];

/// A server with one file of its own, and one beside its root that is not.
fn served() -> TestServer {
    let served = TestServer::new(&[]);
    fs::write(served.at("own"), "own").unwrap();
    served.sandbox.write("canary", "alive");
    served
}

/// Every command that names something refuses this name; `kept` is what is in the root, before and afterwards.
fn assert_refused(client: &mut Client, name: &str) {
    for verb in PLAIN {
        let code = client.say(&format!("{verb} {name}"));
        assert!((500..600).contains(&code), "{verb} {name:?}: {code}");
    }
    assert_eq!(client.say("RNFR own"), 350);
    let code = client.say(&format!("RNTO {name}"));
    assert!((500..600).contains(&code), "RNTO {name:?}: {code}");
    for verb in DATA {
        let refused = client.open(&format!("{verb} {name}")).map(drop);
        assert!(refused.is_err_and(|code| (500..600).contains(&code)), "{verb} {name:?}: {refused:?}");
    }
    assert_eq!(client.say("PWD"), 257);
}

#[test]
fn names_that_lead_out_of_the_root_lead_nowhere() {
    let served = served();
    let beside = entries(&served.sandbox.work());
    let mut client = Client::member(&served);
    let (long, deep) = ("x".repeat(300), "d/".repeat(100));
    let canary = Path::new("..").join(served.sandbox.work().file_name().unwrap()).join("canary");
    assert!(served.at(path(&canary)).exists());
    let canary = path(&canary);
    for name in [
        canary,
        "../../etc/passwd",
        "/../../etc/passwd",
        &format!("inbox/../{canary}"),
        &format!("./.{}", canary.replace("..", "./../.")),
        "..",
        "/..",
        "../.hestat-x",
        ".hestat-0123456789abcdef",
        ".hestat-attempts",
        ".hestat-attempts/00112233445566778899aabbccddeeff",
        "a\0b",
        "own\0",
        "a\rb",
        "a\x1b[2Jb",
        "a\u{85}b",
        "\u{7f}",
        &long,
        &deep,
        &format!("{long}/{long}"),
        &"../".repeat(1000),
    ] {
        assert_refused(&mut client, name);
    }
    // What looks like a path on the server's machine is one below the root, and not there.
    for name in ["/etc/passwd", "//etc/passwd", served.sandbox.file("canary").to_str().unwrap()] {
        assert_eq!((client.say(&format!("SIZE {name}")), client.say(&format!("CWD {name}"))), (550, 550));
        assert_eq!(client.store(&format!("STOR {name}"), b"x"), 550);
    }
    // A line's end ends a command; what follows is another one, and none of the two is harmful.
    client.send(b"SIZE own\nQUIET /etc/passwd\r\n").unwrap();
    assert_eq!((client.reply(), client.reply()), (213, 502));
    assert_eq!(served.sandbox.read("canary"), "alive");
    assert_eq!((entries(&served.sandbox.work()), entries(&served.at(""))), (beside, vec!["own".to_owned()]));
    served.greets();
}

#[test]
fn links_pipes_and_devices_are_not_there() {
    let served = served();
    symlink(served.sandbox.file("canary"), served.at("link")).unwrap();
    symlink(served.sandbox.work(), served.at("out")).unwrap();
    symlink(served.sandbox.file("new"), served.at("dangling")).unwrap();
    symlink("own", served.at("within")).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, served.at("pipe"), FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(served.at("socket")).unwrap();
    let mut names = vec!["link", "out/canary", "out/new", "dangling", "within", "pipe", "socket"];
    // Only some may make devices.
    if mknodat(CWD, served.at("zero"), FileType::CharacterDevice, mode, makedev(1, 5)).is_ok() {
        names.push("zero");
    }
    let before = (entries(&served.at("")), entries(&served.sandbox.work()));
    let mut client = Client::member(&served);
    for name in names {
        assert_refused(&mut client, name);
    }
    for list in ["NLST", "NLST .", "LIST -la", "MLSD"] {
        let told = String::from_utf8(client.fetch(list).unwrap()).unwrap();
        assert!(told.trim_end().ends_with("own") && told.lines().count() == 1, "{told}");
    }
    assert_eq!((entries(&served.at("")), entries(&served.sandbox.work())), before);
    assert_eq!(
        (served.sandbox.read("canary").as_str(), fs::read(served.at("own")).unwrap()),
        ("alive", b"own".to_vec())
    );
    served.greets();
}

/// Bytes that are not UTF-8 cannot be told in replies and lists: replaced, two names would be one.
#[test]
fn names_that_are_not_utf_8_are_refused() {
    let served = served();
    let mut client = Client::member(&served);
    let not_utf_8: [&[u8]; 6] =
        [b"\xe9t\xe9", b"\xe8t\xe8", b"a/\xff", b"\xc0\xae\xc0\xae/x", b"\xed\xa0\x80", b"x\xf0"];
    let mut said = |verb: &str, name: &[u8]| {
        client.send(&[verb.as_bytes(), b" ", name, b"\r\n"].concat()).unwrap();
        client.reply()
    };
    for name in not_utf_8 {
        for verb in ["STOR", "APPE"] {
            assert_eq!(said(verb, name), 553, "{verb} {name:?}");
        }
        assert_eq!((said("RNFR", b"own"), said("RNTO", name)), (350, 553), "{name:?}");
        for verb in ["RETR", "LIST", "NLST", "MLSD", "STAT", "XMKD", "XRMD", "XCWD"].iter().chain(&PLAIN) {
            assert_eq!(said(verb, name), 501, "{verb} {name:?}");
        }
    }
    assert_eq!(
        (said("REST", b"\xb2"), said("OPTS", b"\xe9"), said("SITE", b"\xe9"), said("N\u{e9}", b"x")),
        (501, 501, 501, 502)
    );
    assert_eq!(entries(&served.at("")), ["own"]);
    assert_eq!(client.store("STOR été", b"x"), 226);
    // Before a login, too; and no password is right by being replaced.
    let mut stranger = Client::secured(&served);
    for line in [&b"USER \xe9\r\n"[..], b"PASS \xe9\r\n", b"STOR \xe9\r\n"] {
        stranger.send(line).unwrap();
        assert!([501, 530].contains(&stranger.reply()), "{line:?}");
    }
}

/// Each rename may be harmless, and all together make a way so deep that walking it takes all stack or all files.
#[test]
fn folders_are_not_moved_into_each_other() {
    let served = TestServer::new(&["--max-disk", "1G"]);
    served.process().limit_files(1024);
    let mut client = Client::member(&served);
    assert_eq!((client.say("MKD b"), client.store("STOR file", b"x")), (257, 226));
    for depth in 1..=31 {
        assert_eq!(client.say(&format!("MKD {}", vec!["a"; depth].join("/"))), 257);
    }
    let deepest = vec!["a"; 31].join("/");
    for (from, to, code) in [
        ("b", "a/b", 553),
        ("a/a", "b/a", 553),
        ("a/a", "c", 553),
        ("b", "c", 250),
        ("file", "c/file", 250),
        ("c/file", &format!("{deepest}/file"), 250),
    ] {
        assert_eq!(
            (client.say(&format!("RNFR {from}")), client.say(&format!("RNTO {to}"))),
            (350, code),
            "{from} {to}"
        );
    }
    assert_eq!((client.say(&format!("MKD {deepest}/a")), client.say(&format!("MKD {deepest}/a/a"))), (257, 553));
    assert_eq!(client.say("SITE HESTAT"), 200);
    served.greets();
}
