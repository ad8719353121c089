//! Prompts at a terminal, and the effect of the answers.

use rustix::process::Signal;

use crate::sandbox::{Sandbox, Terminal, TestServer};

const CONTROL_C: &str = "\x03";

fn ping(served: &TestServer) -> Terminal {
    Terminal::start(&served.sandbox.command(["ping", "--server", served.url()]))
}

#[test]
fn a_server_that_was_confirmed_once_is_known() {
    let served = TestServer::new(&[]);
    let terminal = ping(&served);
    terminal.wait_for("[yes/no]");
    terminal.type_keys("yes\n");
    terminal.wait_for("Password of hestat at");
    terminal.type_keys(&format!("{}\n", served.password()));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(served.fingerprint()) && !shown.contains(&served.password()), "{shown}");
    assert_eq!(shown.matches("[yes/no]").count(), 1, "{shown}");

    let again = ping(&served);
    again.wait_for("Password of hestat at");
    again.type_keys("wrong\n");
    let (code, shown) = again.end();
    assert_eq!(code, Some(13), "{shown}");
    assert!(!shown.contains("[yes/no]"), "{shown}");
}

#[test]
fn only_yes_confirms_a_server() {
    let served = TestServer::new(&[]);
    for answer in ["no\n", "\n", "y\n", "yes yes\n", "\x04"] {
        let terminal = ping(&served);
        terminal.wait_for("[yes/no]");
        terminal.type_keys(answer);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(14), "{answer:?}: {shown}");
        assert!(!shown.contains("Password"), "{answer:?}: {shown}");
    }
    assert!(!served.sandbox.state().join("known_servers").exists());
    assert!(!served.log().contains("login"), "{}", served.log());
}

#[test]
fn control_c_ends_a_prompt() {
    let served = TestServer::new(&[]);
    let terminal = ping(&served);
    terminal.wait_for("[yes/no]");
    terminal.type_keys(CONTROL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert!(!served.sandbox.state().join("known_servers").exists());

    let terminal = at_password_prompt(&served);
    terminal.type_keys(CONTROL_C);
    assert_ended(terminal);
}

#[test]
fn a_signal_ends_a_prompt_and_restores_echo() {
    let served = TestServer::new(&[]);
    let terminal = at_password_prompt(&served);
    terminal.signal(Signal::TERM);
    assert_ended(terminal);
}

/// Each step makes a new connection and uses the same password.
#[test]
fn run_prompts_for_a_password_once() {
    let served = TestServer::new(&[]);
    served.sandbox.write("data.csv", "a\n1\n2\n");
    let mut run = served.sandbox.command(["run", "--input", "data.csv", "--server", served.url()]);
    let terminal = Terminal::start(run.env("HESTAT_SERVER_FINGERPRINT", served.fingerprint()));
    terminal.wait_for("Password of hestat at");
    terminal.type_keys(&format!("{}\n", served.password()));
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.matches("Password of").count()), (Some(0), 1), "{shown}");
    assert!(served.sandbox.inbox().is_empty());
}

#[test]
fn a_new_passphrase_is_entered_twice_and_not_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n2\n");
    let init = sandbox.command(["init", "--passphrase", "--input", "data.csv", "--server", &sandbox.url()]);
    for (again, expected) in [("other\n", 2), ("secret\n", 0), (CONTROL_C, 130)] {
        let terminal = Terminal::start(&init);
        terminal.wait_for("Passphrase for the new key:");
        terminal.type_keys("secret\n");
        terminal.wait_for("Again:");
        terminal.type_keys(again);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(expected), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    assert_eq!(sandbox.jobs().len(), 1);
}

/// No secret is in memory while the client waits for the server.
#[test]
fn the_prompt_for_a_passphrase_comes_after_the_download() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n2\n");
    sandbox.write("passphrase", "secret\n");
    let init = ["init", "--passphrase-file", "passphrase", "--input", "data.csv", "--server", &sandbox.url()];
    sandbox.succeed(init);
    let result = sandbox.command(["result"]);
    let (code, shown) = Terminal::start(&result).end();
    assert_eq!((code, shown.contains("Passphrase")), (Some(4), false), "{shown}");
    sandbox.compute().expect_code(0);
    let terminal = Terminal::start(&result);
    terminal.wait_for("Passphrase of the key:");
    terminal.type_keys("secret\n");
    let (code, shown) = terminal.end();
    assert_eq!((code, shown.contains("secret")), (Some(0), false), "{shown}");
}

/// A command at the prompt for the password of a known server.
fn at_password_prompt(served: &TestServer) -> Terminal {
    let mut command = served.sandbox.command(["ping", "--server", served.url()]);
    let terminal = Terminal::start(command.env("HESTAT_SERVER_FINGERPRINT", served.fingerprint()));
    terminal.wait_for("Password of hestat at");
    assert!(!terminal.echoes());
    terminal
}

#[track_caller]
fn assert_ended(terminal: Terminal) {
    terminal.wait_for("stopped on request");
    assert!(terminal.echoes());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
}
