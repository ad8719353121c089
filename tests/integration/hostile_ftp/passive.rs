//! A server that sends the client elsewhere for its data.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::manner::{Answer, Manner, Passive, say};
use super::stage::{Act, Stage};
use super::{assert_refused, try_all};
use crate::ports::free_port;

/// A third machine that has nothing to do with it, on the ports at which the peer listens.
#[derive(Clone, Default)]
struct Bystander(Arc<Mutex<Vec<TcpListener>>>);

impl Bystander {
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

    fn listen(&self, port: u16) {
        let listener = TcpListener::bind((Self::ADDRESS, port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.0.lock().unwrap().push(listener);
    }

    /// Nobody ever came.
    #[track_caller]
    fn assert_untouched(&self) {
        let listeners = self.0.lock().unwrap();
        assert!(!listeners.is_empty());
        for listener in listeners.iter() {
            assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        }
    }

    /// A reply that names it, made from a form with the host's and the port's places.
    fn named_in(&self, form: impl Fn(Ipv4Addr, u16) -> String + Send + Sync + 'static) -> Passive {
        let bystander = self.clone();
        Box::new(move |_, port| {
            bystander.listen(port);
            form(Self::ADDRESS, port)
        })
    }
}

fn pasv(host: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = host.octets();
    format!("227 Entering Passive Mode ({a},{b},{c},{d},{},{})", port / 256, port % 256)
}

fn no_epsv(line: &str) -> Answer {
    if line.starts_with("EPSV") { say("502 not here") } else { Answer::Honest }
}

#[test]
fn the_host_in_pasv_is_ignored() {
    let bystander = Bystander::default();
    let manner = || Manner { pasv: bystander.named_in(pasv), ..Manner::tricky(no_epsv) };
    let stage = Stage::new(manner());
    stage.init("PASV elsewhere").expect_code(0);
    assert!(stage.peer.heard().iter().any(|line| line == "PASV"), "the fallback was used");
    let act = Act::new();
    act.answered("PASV elsewhere", manner()).expect_code(0);
    assert!(act.results().as_ref() == Some(&act.expected));
    bystander.assert_untouched();
}

/// Whatever a server says to EPSV, and with whatever code.
#[test]
fn any_refusal_of_epsv_leads_to_pasv() {
    let refusals = [
        "421 not now",
        "425 no",
        "426 no",
        "430 no",
        "431 no",
        "450 no",
        "451 no",
        "452 no",
        "499 no",
        "500 what?",
        "501 no",
        "502 no",
        "503 no",
        "504 no",
        "521 no",
        "522 no, use (1)",
        "530 no",
        "532 no",
        "550 Permission denied.",
        "551 no",
        "552 no",
        "553 no",
        "599 no",
        "550-Permission\r\n 229 (|||1|)\r\n550 denied",
    ];
    let act = || Stage::new(Manner::honest());
    try_all(refusals.to_vec(), act, |stage, refusal| {
        stage.peer.heard();
        stage.peer.set_manner(Manner::at("EPSV", say(refusal)));
        stage.init(refusal).expect_code(0);
        assert!(stage.peer.heard().iter().any(|line| line == "PASV"), "{refusal}");
    });
    let act = Act::new();
    act.answered("a download", Manner::at("EPSV", say("550 Permission denied."))).expect_code(0);
    assert!(act.results().as_ref() == Some(&act.expected));
}

/// Some servers end the connection at a command that they do not know.
#[test]
fn who_hangs_up_on_epsv_is_asked_by_pasv_the_next_time() {
    let has_refused = AtomicBool::new(false);
    let stage = Stage::new(Manner::tricky(move |line| match line {
        "GREETING" => {
            has_refused.store(false, Ordering::SeqCst);
            Answer::Honest
        }
        "EPSV" => {
            has_refused.store(true, Ordering::SeqCst);
            say("421 bye")
        }
        _ if has_refused.load(Ordering::SeqCst) => Answer::Close,
        _ => Answer::Honest,
    }));
    stage.init("421 and the end").expect_code(0);
    assert!(stage.peer.heard().iter().any(|line| line == "PASV"));
}

/// What is refused after a good EPSV is no reason to ask again by PASV.
#[test]
fn a_refusal_of_the_transfer_is_none_of_epsv() {
    for (reply, code) in [("550 Permission denied.", 17), ("500 what?", 20), ("502 not here", 20), ("503 not yet", 20)]
    {
        let stage = Stage::new(Manner::at("STOR", say(reply)));
        assert_refused(reply, &stage.init(reply), &[code]);
        let heard = stage.peer.heard();
        assert!(heard.iter().any(|line| line == "EPSV") && !heard.iter().any(|line| line == "PASV"), "{heard:?}");
    }
}

/// No file is to blame where no port is given.
#[test]
fn a_server_without_passive_connections_is_named_as_such() {
    for (reply, code) in [("550 Permission denied.", 20), ("425 no port is free", 6)] {
        let refused = move |line: &str| match line {
            "EPSV" | "PASV" => say(reply),
            _ => Answer::Honest,
        };
        let stage = Stage::new(Manner::tricky(refused));
        let ended = stage.init(reply);
        assert_refused(reply, &ended, &[code]);
        assert!(ended.stderr.contains("opening a data connection") && !ended.stderr.contains("access"), "{ended:?}");
    }
}

#[test]
fn a_host_in_epsv_is_ignored_or_refused() {
    let bystander = Bystander::default();
    let epsv = bystander.named_in(|host, port| format!("229 Entering Extended Passive Mode (|1|{host}|{port}|)"));
    let stage = Stage::new(Manner { epsv, ..Manner::honest() });
    let ended = stage.init("EPSV elsewhere");
    if ended.code != Some(0) {
        assert_refused("EPSV elsewhere", &ended, &[20]);
    }
    bystander.assert_untouched();
}

#[test]
fn ports_that_are_none_are_refused() {
    let epsv = ["(|||0|)", "(|||65536|)", "(|||-1|)", "(|||99999999999999999999|)", "(||||)", "(|||١|)", "", "\u{9b}"];
    let pasv = ["(127,0,0,1,0,0)", "(127,0,0,1,256,1)", "(127,0,0,1,-1,1)", "(127,0,0,1,4)", "(1)", "()", "", "\u{9b}"];
    let epsv = epsv.map(|form| (true, form));
    let cases = epsv.into_iter().chain(pasv.map(|form| (false, form))).collect();
    try_all(
        cases,
        || Stage::new(Manner::honest()),
        |stage, (extended, form)| {
            let reply = move |code: u16| -> Passive { Box::new(move |_, _| format!("{code} passive {form}")) };
            stage.peer.set_manner(Manner {
                epsv: reply(229),
                pasv: reply(227),
                ..Manner::tricky(move |line| if extended { Answer::Honest } else { no_epsv(line) })
            });
            let what = format!("{form:?}, extended: {extended}");
            // Port 0 may be tried, and refuses connections.
            assert_refused(&what, &stage.init(&what), &[6, 11, 20]);
            assert_eq!(stage.peer.received(), 0);
        },
    );
}

#[test]
fn a_data_port_at_which_nobody_listens_ends_in_time() {
    let closed = free_port();
    let epsv: Passive = Box::new(move |_, _| format!("229 Entering Extended Passive Mode (|||{closed}|)"));
    let stage = Stage::new(Manner { epsv, ..Manner::honest() });
    assert_refused("a closed port", &stage.init("a closed port"), &[6, 11, 12, 20]);
}
