//! Names that lead out of the root, and entries in the root that are neither files nor directories: no command uses
//! them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::client::Client;
use crate::sandbox::{TestServer, entries, path};

/// Commands that take a name and no data connection.
const PLAIN: [&str; 9] = ["SIZE", "MDTM", "MLST", "CWD", "DELE", "RMD", "RNFR", "MKD", "STAT"];
/// Commands that take a name and a data connection.
const DATA: [&str; 6] = ["RETR", "STOR", "APPE", "LIST", "NLST", "MLSD"];

/// Starts a server with one file in its root and one beside the root.
fn start_server() -> TestServer {
    let served = TestServer::new(&[]);
    fs::write(served.at("own"), "own").unwrap();
    served.sandbox.write("canary", "alive");
    served
}

/// Asserts that the server refuses this name in every command that takes one.
fn assert_name_refused(client: &mut Client, name: &str) {
    for verb in PLAIN {
        let code = client.command(&format!("{verb} {name}"));
        assert!((500..600).contains(&code), "{verb} {name:?}: {code}");
    }
    assert_eq!(client.command("RNFR own"), 350);
    let code = client.command(&format!("RNTO {name}"));
    assert!((500..600).contains(&code), "RNTO {name:?}: {code}");
    for verb in DATA {
        let refused = client.open(&format!("{verb} {name}")).map(drop);
        assert!(refused.is_err_and(|code| (500..600).contains(&code)), "{verb} {name:?}: {refused:?}");
    }
    assert_eq!(client.command("PWD"), 257);
}

#[test]
fn names_outside_the_root_are_refused() {
    let served = start_server();
    let siblings = entries(&served.sandbox.work());
    let mut client = Client::logged_in(&served);
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
        assert_name_refused(&mut client, name);
    }
    // A path on the server's machine is resolved below the root, where it does not exist.
    for name in ["/etc/passwd", "//etc/passwd", served.sandbox.file("canary").to_str().unwrap()] {
        assert_eq!((client.command(&format!("SIZE {name}")), client.command(&format!("CWD {name}"))), (550, 550));
        assert_eq!(client.store(&format!("STOR {name}"), b"x"), 550);
    }
    // A line feed ends a command; what follows is another command, and neither does harm.
    client.send(b"SIZE own\nQUIET /etc/passwd\r\n").unwrap();
    assert_eq!((client.reply(), client.reply()), (213, 502));
    assert_eq!(served.sandbox.read("canary"), "alive");
    assert_eq!((entries(&served.sandbox.work()), entries(&served.at(""))), (siblings, vec!["own".to_owned()]));
    served.assert_reachable();
}

#[test]
fn links_pipes_and_devices_are_hidden() {
    let served = start_server();
    symlink(served.sandbox.file("canary"), served.at("link")).unwrap();
    symlink(served.sandbox.work(), served.at("out")).unwrap();
    symlink(served.sandbox.file("new"), served.at("dangling")).unwrap();
    symlink("own", served.at("within")).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, served.at("pipe"), FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(served.at("socket")).unwrap();
    let mut names = vec!["link", "out/canary", "out/new", "dangling", "within", "pipe", "socket"];
    // Creating devices needs a privilege.
    if mknodat(CWD, served.at("zero"), FileType::CharacterDevice, mode, makedev(1, 5)).is_ok() {
        names.push("zero");
    }
    let before = (entries(&served.at("")), entries(&served.sandbox.work()));
    let mut client = Client::logged_in(&served);
    for name in names {
        assert_name_refused(&mut client, name);
    }
    for list in ["NLST", "NLST .", "LIST -la", "MLSD"] {
        let listing = String::from_utf8(client.fetch(list).unwrap()).unwrap();
        assert!(listing.trim_end().ends_with("own") && listing.lines().count() == 1, "{listing}");
    }
    assert_eq!((entries(&served.at("")), entries(&served.sandbox.work())), before);
    assert_eq!(
        (served.sandbox.read("canary").as_str(), fs::read(served.at("own")).unwrap()),
        ("alive", b"own".to_vec())
    );
    served.assert_reachable();
}

/// Replies and listings cannot contain bytes that are not UTF-8. If these were replaced, two names could become one.
#[test]
fn names_that_are_not_utf_8_are_refused() {
    let served = start_server();
    let mut client = Client::logged_in(&served);
    let not_utf_8: [&[u8]; 6] =
        [b"\xe9t\xe9", b"\xe8t\xe8", b"a/\xff", b"\xc0\xae\xc0\xae/x", b"\xed\xa0\x80", b"x\xf0"];
    let mut reply_to = |verb: &str, name: &[u8]| {
        client.send(&[verb.as_bytes(), b" ", name, b"\r\n"].concat()).unwrap();
        client.reply()
    };
    for name in not_utf_8 {
        for verb in ["STOR", "APPE"] {
            assert_eq!(reply_to(verb, name), 553, "{verb} {name:?}");
        }
        assert_eq!((reply_to("RNFR", b"own"), reply_to("RNTO", name)), (350, 553), "{name:?}");
        for verb in ["RETR", "LIST", "NLST", "MLSD", "STAT", "XMKD", "XRMD", "XCWD"].iter().chain(&PLAIN) {
            assert_eq!(reply_to(verb, name), 501, "{verb} {name:?}");
        }
    }
    assert_eq!(
        (reply_to("REST", b"\xb2"), reply_to("OPTS", b"\xe9"), reply_to("SITE", b"\xe9"), reply_to("N\u{e9}", b"x")),
        (501, 501, 501, 502)
    );
    assert_eq!(entries(&served.at("")), ["own"]);
    assert_eq!(client.store("STOR été", b"x"), 226);
    // Before login, too. A password is not made correct by replacing bytes.
    let mut other = Client::secured(&served);
    for line in [&b"USER \xe9\r\n"[..], b"PASS \xe9\r\n", b"STOR \xe9\r\n"] {
        other.send(line).unwrap();
        assert!([501, 530].contains(&other.reply()), "{line:?}");
    }
}

/// Each rename may be harmless, but all together would build a path so deep that a scan exhausts stack or open files.
#[test]
fn directories_are_not_moved_into_each_other() {
    let served = TestServer::new(&["--max-disk", "1G"]);
    served.process().limit_files(1024);
    let mut client = Client::logged_in(&served);
    assert_eq!((client.command("MKD b"), client.store("STOR file", b"x")), (257, 226));
    for depth in 1..=31 {
        assert_eq!(client.command(&format!("MKD {}", vec!["a"; depth].join("/"))), 257);
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
            (client.command(&format!("RNFR {from}")), client.command(&format!("RNTO {to}"))),
            (350, code),
            "{from} {to}"
        );
    }
    assert_eq!(
        (client.command(&format!("MKD {deepest}/a")), client.command(&format!("MKD {deepest}/a/a"))),
        (257, 553)
    );
    assert_eq!(client.command("SITE HESTAT"), 200);
    served.assert_reachable();
}
