//! Where passwords come from.

use std::fs;
use std::process::Command;

use crate::house::{Ended, House, Served, path};

/// A ping by a house that knows the server already.
fn ping(house: &House, served: &Served, options: &[&str], also: impl FnOnce(&mut Command)) -> Ended {
    let mut command = house.command(["ping", "--server", &served.url()]);
    also(command.args(options));
    command.output().unwrap().into()
}

fn acquainted() -> (House, Served) {
    let (house, served) = super::served();
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let options = ["--server-fingerprint", &fingerprint, "--password-file", path(&password)];
    ping(&house, &served, &options, |_| {}).expect_code(0);
    (house, served)
}

#[test]
fn passwords_come_from_files_variables_and_netrc_in_this_order() {
    let (house, served) = acquainted();
    let right = served.password();
    house.write("right", &right);
    house.write("wrong", "wrong\n");
    ping(&house, &served, &[], |_| {}).expect_code(2).says(&["no password", "--password-file", "HESTAT_PASSWORD"]);
    ping(&house, &served, &["--password-file", "right"], |command| {
        command.env("HESTAT_PASSWORD", "wrong");
    })
    .expect_code(0);
    let wrong = ping(&house, &served, &["--password-file", "wrong"], |command| {
        command.env("HESTAT_PASSWORD", &right);
    });
    wrong.expect_code(13).says(&["hestat at 127.0.0.1", "refuses the login", "Check user and password"]);
    ping(&house, &served, &[], |command| {
        command.env("HESTAT_PASSWORD", &right);
    })
    .expect_code(0);
    // HOME is the working directory of the house.
    house.write(
        ".netrc",
        format!("machine 127.0.0.1 login other password wrong\nmachine 127.0.0.1 login hestat password {right}\n"),
    );
    ping(&house, &served, &[], |_| {}).expect_code(0);
    house.write("elsewhere", "default login hestat password wrong\n");
    ping(&house, &served, &["--netrc", "elsewhere"], |_| {}).expect_code(13);
    ping(&house, &served, &["--netrc", "nowhere"], |_| {}).expect_code(8).says(&["nowhere"]);
    ping(&house, &served, &["--password-file", "nowhere"], |_| {}).expect_code(2).says(&["nowhere"]);
}

#[test]
fn a_server_of_given_user_and_password() {
    let house = House::new();
    house.write("secret", "given\n");
    let served = Served::start(&house, &["--user", "someone", "--password-file", "secret"]);
    assert!(served.url().starts_with("ftps://someone@"));
    assert!(!served.password_file().exists(), "none is made when one is given");
    let fingerprint = served.fingerprint();
    let known = ["--server-fingerprint", fingerprint.as_str()];
    ping(&house, &served, &[known.as_slice(), &["--password-file", "secret"]].concat(), |_| {}).expect_code(0);
    let other = served.url().replace("someone@", "hestat@");
    let refused = house.run(["ping", "--server", &other, "--password-file", "secret"]);
    refused.expect_code(13);
    assert!(!served.log().contains("given"), "{}", served.log());
}

#[test]
fn no_password_stands_in_help_arguments_or_files_of_the_client() {
    let (house, served) = acquainted();
    let right = served.password();
    for command in ["ping", "init", "result", "serve", "run"] {
        let mut command = house.command([command, "--help"]);
        let help: Ended = command.env("HESTAT_PASSWORD", &right).output().unwrap().into();
        assert!(!help.stdout.contains(&right));
    }
    for file in crate::house::everything(&house.state()).into_iter().filter(|file| file.is_file()) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(&right), "{}", file.display());
    }
    house.run(["ping", "--server", "ftps://me:secret@host"]).expect_code(2).says(&["a password in an address"]);
}
