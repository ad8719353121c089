//! A server that directs the client's data connections to another host.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::behavior::{Behavior, Passive, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::{assert_refused, try_all};
use crate::ports::free_port;

/// A third host that is not involved. It listens on the same ports as the server.
#[derive(Clone, Default)]
struct ThirdHost(Arc<Mutex<Vec<TcpListener>>>);

impl ThirdHost {
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

    fn listen(&self, port: u16) {
        let listener = TcpListener::bind((Self::ADDRESS, port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.0.lock().unwrap().push(listener);
    }

    /// Asserts that nothing has connected to this host.
    #[track_caller]
    fn assert_untouched(&self) {
        let listeners = self.0.lock().unwrap();
        assert!(!listeners.is_empty());
        for listener in listeners.iter() {
            assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        }
    }

    /// Returns a PASV or EPSV reply that names this host, formatted by `form`.
    fn reply_naming(&self, form: impl Fn(Ipv4Addr, u16) -> String + Send + Sync + 'static) -> Passive {
        let third_host = self.clone();
        Box::new(move |_, port| {
            third_host.listen(port);
            form(Self::ADDRESS, port)
        })
    }
}

fn pasv(host: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = host.octets();
    format!("227 Entering Passive Mode ({a},{b},{c},{d},{},{})", port / 256, port % 256)
}

fn no_epsv(line: &str) -> Reaction {
    if line.starts_with("EPSV") { send_reply("502 not here") } else { Reaction::Correct }
}

#[test]
fn the_host_in_pasv_is_ignored() {
    let third_host = ThirdHost::default();
    let behavior = || Behavior { pasv: third_host.reply_naming(pasv), ..Behavior::with_reactions(no_epsv) };
    let fixture = Fixture::new(behavior());
    fixture.init("PASV elsewhere").expect_code(0);
    assert!(fixture.server.received_lines().iter().any(|line| line == "PASV"), "the fallback was used");
    let computed = FetchableJob::new();
    computed.result_with("PASV elsewhere", behavior()).expect_code(0);
    assert!(computed.results().as_ref() == Some(&computed.expected));
    third_host.assert_untouched();
}

/// Regardless of the reply code.
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
    let computed = || Fixture::new(Behavior::correct());
    try_all(refusals.to_vec(), computed, |fixture, refusal| {
        fixture.server.received_lines();
        fixture.server.set_behavior(Behavior::at("EPSV", send_reply(refusal)));
        fixture.init(refusal).expect_code(0);
        assert!(fixture.server.received_lines().iter().any(|line| line == "PASV"), "{refusal}");
    });
    let computed = FetchableJob::new();
    computed.result_with("a download", Behavior::at("EPSV", send_reply("550 Permission denied."))).expect_code(0);
    assert!(computed.results().as_ref() == Some(&computed.expected));
}

/// Some servers close the connection at an unknown command.
#[test]
fn a_server_that_closes_at_epsv_gets_pasv_on_the_next_connection() {
    let has_refused = AtomicBool::new(false);
    let fixture = Fixture::new(Behavior::with_reactions(move |line| match line {
        "GREETING" => {
            has_refused.store(false, Ordering::SeqCst);
            Reaction::Correct
        }
        "EPSV" => {
            has_refused.store(true, Ordering::SeqCst);
            send_reply("421 bye")
        }
        _ if has_refused.load(Ordering::SeqCst) => Reaction::Close,
        _ => Reaction::Correct,
    }));
    fixture.init("421 and the end").expect_code(0);
    assert!(fixture.server.received_lines().iter().any(|line| line == "PASV"));
}

/// A refusal after a successful EPSV is no reason to try PASV.
#[test]
fn a_refused_transfer_is_not_taken_for_refused_epsv() {
    for (reply, code) in [("550 Permission denied.", 17), ("500 what?", 20), ("502 not here", 20), ("503 not yet", 20)]
    {
        let fixture = Fixture::new(Behavior::at("STOR", send_reply(reply)));
        assert_refused(reply, &fixture.init(reply), &[code]);
        let lines = fixture.server.received_lines();
        assert!(lines.iter().any(|line| line == "EPSV") && !lines.iter().any(|line| line == "PASV"), "{lines:?}");
    }
}

/// The error does not blame the file if the server offers no port.
#[test]
fn a_server_without_passive_ports_is_reported_as_such() {
    for (reply, code) in [("550 Permission denied.", 20), ("425 no port is free", 6)] {
        let refused = move |line: &str| match line {
            "EPSV" | "PASV" => send_reply(reply),
            _ => Reaction::Correct,
        };
        let fixture = Fixture::new(Behavior::with_reactions(refused));
        let output = fixture.init(reply);
        assert_refused(reply, &output, &[code]);
        assert!(output.stderr.contains("opening a data connection") && !output.stderr.contains("access"), "{output:?}");
    }
}

#[test]
fn a_host_in_epsv_is_ignored_or_refused() {
    let third_host = ThirdHost::default();
    let epsv = third_host.reply_naming(|host, port| format!("229 Entering Extended Passive Mode (|1|{host}|{port}|)"));
    let fixture = Fixture::new(Behavior { epsv, ..Behavior::correct() });
    let output = fixture.init("EPSV elsewhere");
    if output.code != Some(0) {
        assert_refused("EPSV elsewhere", &output, &[20]);
    }
    third_host.assert_untouched();
}

#[test]
fn invalid_ports_are_refused() {
    let epsv = ["(|||0|)", "(|||65536|)", "(|||-1|)", "(|||99999999999999999999|)", "(||||)", "(|||١|)", "", "\u{9b}"];
    let pasv = ["(127,0,0,1,0,0)", "(127,0,0,1,256,1)", "(127,0,0,1,-1,1)", "(127,0,0,1,4)", "(1)", "()", "", "\u{9b}"];
    let epsv = epsv.map(|form| (true, form));
    let cases = epsv.into_iter().chain(pasv.map(|form| (false, form))).collect();
    try_all(
        cases,
        || Fixture::new(Behavior::correct()),
        |fixture, (extended, form)| {
            let reply = move |code: u16| -> Passive { Box::new(move |_, _| format!("{code} passive {form}")) };
            fixture.server.set_behavior(Behavior {
                epsv: reply(229),
                pasv: reply(227),
                ..Behavior::with_reactions(move |line| if extended { Reaction::Correct } else { no_epsv(line) })
            });
            let case = format!("{form:?}, extended: {extended}");
            // The client may try port 0, which refuses connections.
            assert_refused(&case, &fixture.init(&case), &[6, 11, 20]);
            assert_eq!(fixture.server.received(), 0);
        },
    );
}

#[test]
fn a_closed_data_port_fails_in_time() {
    let closed = free_port();
    let epsv: Passive = Box::new(move |_, _| format!("229 Entering Extended Passive Mode (|||{closed}|)"));
    let fixture = Fixture::new(Behavior { epsv, ..Behavior::correct() });
    assert_refused("a closed port", &fixture.init("a closed port"), &[6, 11, 12, 20]);
}
