//! What is asked at a terminal, and what answers lead to.

use crate::house::{Served, Terminal};

const CONTROL_C: &str = "\x03";

fn ping(served: &Served) -> Terminal {
    Terminal::start(&served.house.command(["ping", "--server", served.url()]))
}

#[test]
fn a_server_that_was_confirmed_once_is_known() {
    let served = Served::new(&[]);
    let terminal = ping(&served);
    terminal.wait_for("[yes/no]");
    terminal.types("yes\n");
    terminal.wait_for("Password of hestat at");
    terminal.wait_for_silence();
    terminal.types(&format!("{}\n", served.password()));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(served.fingerprint()) && !shown.contains(&served.password()), "{shown}");
    assert_eq!(shown.matches("[yes/no]").count(), 1, "{shown}");

    let again = ping(&served);
    again.wait_for("Password of hestat at");
    again.types("wrong\n");
    let (code, shown) = again.end();
    assert_eq!(code, Some(13), "{shown}");
    assert!(!shown.contains("[yes/no]"), "{shown}");
}

#[test]
fn only_yes_is_yes() {
    let served = Served::new(&[]);
    for answer in ["no\n", "\n", "y\n", "yes yes\n", "\x04"] {
        let terminal = ping(&served);
        terminal.wait_for("[yes/no]");
        terminal.types(answer);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(14), "{answer:?}: {shown}");
        assert!(!shown.contains("Password"), "{answer:?}: {shown}");
    }
    assert!(!served.house.state().join("known_servers").exists());
    assert!(!served.log().contains("login"), "{}", served.log());
}

#[test]
fn control_c_ends_questions() {
    let served = Served::new(&[]);
    let terminal = ping(&served);
    terminal.wait_for("[yes/no]");
    terminal.types(CONTROL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert!(!served.house.state().join("known_servers").exists());

    let mut command = served.house.command(["ping", "--server", served.url()]);
    let terminal = Terminal::start(command.env("HESTAT_SERVER_FINGERPRINT", served.fingerprint()));
    terminal.wait_for("Password of hestat at");
    terminal.wait_for_silence();
    terminal.types(CONTROL_C);
    terminal.wait_for("stopped on request");
    assert!(terminal.echoes());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
}
