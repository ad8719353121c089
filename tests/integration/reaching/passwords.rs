//! The sources of passwords.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// Runs `hestat ping` in the sandbox of the server; `modify` may change the command.
fn ping(served: &TestServer, options: &[&str], modify: impl FnOnce(&mut Command)) -> CommandOutput {
    let mut command = served.sandbox.command(["ping", "--server", served.url()]);
    modify(command.args(options));
    command.output().unwrap().into()
}

/// A server whose certificate the client of its sandbox has already stored.
fn known_server() -> TestServer {
    let served = TestServer::new(&[]);
    let options = ["--server-fingerprint", served.fingerprint(), "--password-file", served.password_file()];
    ping(&served, &options, |_| {}).expect_code(0);
    served
}

#[test]
fn passwords_come_from_files_variables_and_netrc_in_this_order() {
    let served = known_server();
    let sandbox = &served.sandbox;
    let right = served.password();
    sandbox.write("right", &right);
    sandbox.write("wrong", "wrong\n");
    ping(&served, &[], |_| {}).expect_code(2).says(&["no password", "--password-file", "HESTAT_PASSWORD"]);
    ping(&served, &["--password-file", "right"], |command| {
        command.env("HESTAT_PASSWORD", "wrong");
    })
    .expect_code(0);
    let wrong = ping(&served, &["--password-file", "wrong"], |command| {
        command.env("HESTAT_PASSWORD", &right);
    });
    wrong.expect_code(13).says(&["hestat at 127.0.0.1", "login refused", "Check user and password"]);
    ping(&served, &[], |command| {
        command.env("HESTAT_PASSWORD", &right);
    })
    .expect_code(0);
    // HOME is the working directory of the sandbox.
    sandbox.write(
        ".netrc",
        format!("machine 127.0.0.1 login other password wrong\nmachine 127.0.0.1 login hestat password {right}\n"),
    );
    ping(&served, &[], |_| {}).expect_code(0);
    sandbox.write("elsewhere", "default login hestat password wrong\n");
    ping(&served, &["--netrc", "elsewhere"], |_| {}).expect_code(13);
    ping(&served, &["--netrc", "nowhere"], |_| {}).expect_code(8).says(&["nowhere"]);
    ping(&served, &["--password-file", "nowhere"], |_| {}).expect_code(2).says(&["nowhere"]);
}

#[test]
fn a_password_variable_that_is_not_utf_8_is_reported() {
    let served = known_server();
    let password = OsStr::from_bytes(b"p\xe9ss");
    ping(&served, &[], |command| {
        command.env("HESTAT_PASSWORD", password);
    })
    .expect_code(2)
    .says(&["HESTAT_PASSWORD is not UTF-8"]);
    let mut serve =
        served.sandbox.command(["serve", "--data", "data", "--server-state", "other", "--listen", "127.0.0.1:0"]);
    CommandOutput::from(serve.env("HESTAT_PASSWORD", password).output().unwrap())
        .expect_code(2)
        .says(&["is not UTF-8"]);
}

#[test]
fn a_server_uses_a_given_user_and_password() {
    let sandbox = Sandbox::new();
    sandbox.write("secret", "given\n");
    let served = TestServer::start(sandbox, &["--user", "someone", "--password-file", "secret"]);
    assert!(served.url().starts_with("ftps://someone@"));
    let generated = served.sandbox.file("server-state/password");
    assert!(served.announced("password_file").is_none() && !generated.exists(), "none is generated if one is given");
    let options = ["--server-fingerprint", served.fingerprint(), "--password-file", "secret"];
    ping(&served, &options, |_| {}).expect_code(0);
    let other = served.url().replace("someone@", "hestat@");
    let refused = served.sandbox.run(["ping", "--server", &other, "--password-file", "secret"]);
    refused.expect_code(13);
    assert!(!served.log().contains("given"), "{}", served.log());
}

#[test]
fn no_password_appears_in_help_texts_or_files_of_the_client() {
    let served = known_server();
    let sandbox = &served.sandbox;
    let right = served.password();
    for command in ["ping", "init", "result", "serve", "run"] {
        let mut command = sandbox.command([command, "--help"]);
        let help: CommandOutput = command.env("HESTAT_PASSWORD", &right).output().unwrap().into();
        assert!(!help.stdout.contains(&right));
    }
    for file in crate::sandbox::everything(&sandbox.state()).into_iter().filter(|file| file.is_file()) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(&right), "{}", file.display());
    }
    sandbox.run(["ping", "--server", "ftps://me:secret@host"]).expect_code(2).says(&["the URL contains a password"]);
}
