//! Environment variables of options that conflict with each other.

use rustix::process::Signal;

use super::TABLE;
use crate::sandbox::{CommandOutput, Process, Sandbox, path, wait_until};

const PING: [&str; 7] =
    ["ping", "--server", "ftps://hestat@127.0.0.1:1", "--retries", "0", "--password-file", "password"];
const FOG_CLIENT: [&str; 10] =
    ["fog", "client", "--listen", "127.0.0.1:0", "--out", "out", "--message", "a", "--timeout", "1"];
const FOG_RUN: [&str; 5] = ["fog", "run", "--bits", "2048", "--quiet"];

/// A SHA-256 fingerprint of no certificate.
const FINGERPRINT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A sandbox with the files that the commands of these tests name.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("password", "secret\n");
    sandbox.write("passphrase", "secret\n");
    sandbox.write("message", "from the file");
    sandbox.write("comma.csv", "a;b\n1,5;2\n2,5;3\n");
    sandbox
}

/// Runs a command with an option on the command line and the variable of an option that conflicts with it. The command
/// must end with `code` and print `text`, as it does without the variable.
#[track_caller]
fn overrides(command: &[&str], option: &[&str], variable: (&str, &str), code: i32, text: &str) {
    let (sandbox, arguments) = (sandbox(), [command, option].concat());
    let ended: CommandOutput = sandbox.command(arguments).env(variable.0, variable.1).output().unwrap().into();
    let ended = ended.expect_code(code);
    assert!(!ended.stderr.contains("cannot be used with"), "{option:?} {variable:?}: {}", ended.stderr);
    assert!(
        [&ended.stdout, &ended.stderr].iter().any(|found| found.contains(text)),
        "{option:?} {variable:?}: {ended:?}"
    );
}

#[test]
fn ways_to_trust_a_server_override_each_other() {
    let fingerprint = ["--server-fingerprint", FINGERPRINT];
    for variable in ["HESTAT_SERVER_CERTIFICATE", "HESTAT_SERVER_CA"] {
        overrides(&PING, &fingerprint, (variable, "nowhere.pem"), 11, "127.0.0.1:1");
    }
    for variable in [("HESTAT_SERVER_FINGERPRINT", FINGERPRINT), ("HESTAT_SERVER_CA", "other.pem")] {
        overrides(&PING, &["--server-certificate", "nowhere.pem"], variable, 8, "nowhere.pem");
    }
    for variable in [("HESTAT_SERVER_FINGERPRINT", FINGERPRINT), ("HESTAT_SERVER_CERTIFICATE", "other.pem")] {
        overrides(&PING, &["--server-ca=nowhere.pem"], variable, 8, "nowhere.pem");
    }
}

#[test]
fn the_csv_argument_and_the_input_option_override_each_other() {
    let run = ["run", "--delimiter", ";", "--decimal-comma", "--columns", "a", "--quiet"];
    let mean = "2         0     4      2";
    overrides(&run, &["comma.csv"], ("HESTAT_INPUT", "nowhere.csv"), 0, mean);
    overrides(&run, &["--input", "comma.csv"], ("HESTAT_INPUT", "nowhere.csv"), 0, mean);
    let both = sandbox().run(["run", "comma.csv", "--input", "comma.csv"]);
    both.expect_code(2).says(&["cannot be used with"]);
    sandbox().run(["run"]).expect_code(2).says(&["a CSV file is required"]);
    sandbox().run(["init", "--server", "file:///nowhere"]).expect_code(2).says(&["a CSV file is required"]);
}

#[test]
fn allow_peer_and_accept_any_override_each_other() {
    let sandbox = Sandbox::new();
    let peer = sandbox.succeed(["identity", "new", "node", "--quiet"]).stdout;
    overrides(&FOG_CLIENT, &["--bits", "2048", "--accept-any"], ("HESTAT_ALLOW_PEER", "nowhere"), 22, "--nodes");
    let allow = ["--bits", "2048", "--allow-peer", peer.trim()];
    overrides(&FOG_CLIENT, &allow, ("HESTAT_ACCEPT_ANY", "true"), 22, "--nodes");
}

#[test]
fn key_and_bits_override_each_other() {
    let key = ["--accept-any", "--key", "nowhere.pem"];
    overrides(&FOG_CLIENT, &key, ("HESTAT_FOG_BITS", "2048"), 8, "nowhere.pem");
    let bits = ["--accept-any", "--bits", "2048"];
    overrides(&FOG_CLIENT, &bits, ("HESTAT_FOG_KEY", "nowhere.pem"), 22, "--nodes");
}

#[test]
fn message_and_file_override_each_other() {
    overrides(&FOG_RUN, &["--message", "given"], ("HESTAT_FOG_FILE", "nowhere"), 0, "given");
    overrides(&FOG_RUN, &["--file", "message"], ("HESTAT_FOG_MESSAGE", "other"), 0, "from the file");
    // Several short options in one argument.
    let run = ["fog", "run", "--bits", "2048"];
    overrides(&run, &["-qmgiven"], ("HESTAT_FOG_FILE", "nowhere"), 0, "given");
    overrides(&run, &["-qf", "message"], ("HESTAT_FOG_MESSAGE", "other"), 0, "from the file");
}

#[test]
fn passphrase_and_passphrase_file_override_each_other() {
    let new = ["identity", "new", "laptop"];
    overrides(&new, &["--passphrase"], ("HESTAT_PASSPHRASE_FILE", "passphrase"), 2, "there is no terminal");
    let file = ["--passphrase-file", "passphrase"];
    overrides(&new, &file, ("HESTAT_PASSPHRASE_PROMPT", "true"), 0, "laptop");
}

#[test]
fn decimal_comma_and_decimal_point_override_each_other() {
    let run = ["run", "--input", "comma.csv", "--statistics", "sum", "--output", "-"];
    overrides(&run, &["--decimal-comma"], ("HESTAT_DECIMAL_POINT", "true"), 0, "column,sum\na,4\nb,5\n");
    overrides(&run, &["--decimal-point"], ("HESTAT_DECIMAL_COMMA", "true"), 0, "column,sum\nb,5\n");
}

#[test]
fn watch_and_retry_override_each_other() {
    let sandbox = Sandbox::new();
    let compute = |option: &str, variable: &str| {
        let mut command = sandbox.command(["compute", "--data", path(&sandbox.server()), option]);
        command.env(variable, "true");
        command
    };
    CommandOutput::from(compute("--retry", "HESTAT_WATCH").output().unwrap()).expect_code(0);
    sandbox.init(&sandbox.write("data.csv", TABLE));
    let watch = Process::new(compute("--watch", "HESTAT_RETRY").spawn().unwrap());
    wait_until("the computation", || sandbox.inbox().is_empty());
    watch.signal(Signal::TERM);
    watch.end().expect_code(0);
}

#[test]
fn variables_do_not_override_each_other() {
    let sandbox = sandbox();
    let mut command = sandbox.command(FOG_RUN);
    command.env("HESTAT_FOG_MESSAGE", "a").env("HESTAT_FOG_FILE", "message");
    CommandOutput::from(command.output().unwrap()).expect_code(2).says(&["cannot be used with"]);
}
