//! Exit codes and messages in case of errors.

use std::fs;

use rustix::process::Signal;

use super::parties::Parties;
use crate::ports::free_port;
use crate::programs::{program, run_bytes};
use crate::sandbox::{CommandOutput, path};

fn client(parties: &Parties, more: &[&str]) -> CommandOutput {
    let arguments = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--message", "hello"];
    parties.command("client", &[&arguments, more].concat()).output().unwrap().into()
}

#[test]
fn weak_keys_are_rejected_with_the_reason() {
    let parties = Parties::new();
    for bits in ["1024", "512"] {
        client(&parties, &["--bits", bits]).expect_code(2).says(&[bits, "2048"]);
        let weak = run_bytes(program("openssl").args([
            "genpkey",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            &format!("rsa_keygen_bits:{bits}"),
        ]));
        let file = parties.sandbox.write("weak.pem", weak);
        client(&parties, &["--key", path(&file)]).expect_code(5).says(&["weak.pem", bits, "2048", "openssl"]);
    }
    client(&parties, &["--bits", "3000"]).expect_code(2).says(&["3072"]);
}

/// `fog run` does not wait for one of its own nodes that has failed.
#[test]
fn a_failed_node_in_the_same_process_ends_the_run() {
    let parties = Parties::new();
    fs::create_dir_all(parties.sandbox.work().join("fog")).unwrap();
    parties.sandbox.write("fog/node-1", "not a directory");
    let run = ["fog", "run", "--bits", "2048", "--message", "hello", "--out", "fog"];
    CommandOutput::from(parties.command("client", &run).output().unwrap()).expect_code(8).says(&["node-1"]);
}

#[test]
fn files_that_are_not_keys_are_rejected() {
    let parties = Parties::new();
    client(&parties, &["--key", "nowhere.pem"]).expect_code(8).says(&["nowhere.pem"]);
    let file = parties.sandbox.write("no-key.pem", "not PEM at all");
    client(&parties, &["--key", path(&file)]).expect_code(5).says(&["no-key.pem"]);
    let identity = run_bytes(program("openssl").args(["genpkey", "-algorithm", "ed25519"]));
    let file = parties.sandbox.write("ed25519.pem", identity);
    client(&parties, &["--key", path(&file)]).expect_code(5).says(&["ed25519.pem"]);
}

#[test]
fn encrypted_keys_need_their_passphrase() {
    let parties = Parties::new();
    let (right, wrong) = (parties.sandbox.write("right", "right\n"), parties.sandbox.write("wrong", "wrong\n"));
    let clear = parties.sandbox.file("key.pem");
    let encrypted = parties.sandbox.file("encrypted.pem");
    let arguments = ["pkcs8", "-topk8", "-in", path(&clear), "-out", path(&encrypted), "-passout", "pass:right"];
    run_bytes(program("openssl").args(arguments));
    let key = ["--key", path(&encrypted), "--timeout", "1"];
    client(&parties, &key).expect_code(5).says(&["encrypted.pem", "--key-passphrase-file"]);
    client(&parties, &[&key[..], &["--key-passphrase-file", path(&wrong)]].concat())
        .expect_code(5)
        .says(&["encrypted.pem"]);
    // With the right one it waits for nodes.
    client(&parties, &[&key[..], &["--key-passphrase-file", path(&right)]].concat()).expect_code(22);
}

#[test]
fn a_client_with_too_few_nodes_fails_at_its_timeout() {
    let parties = Parties::new();
    let key = parties.sandbox.file("key.pem");
    client(&parties, &["--key", path(&key), "--timeout", "1", "--nodes", "3"]).expect_code(22).says(&[
        "0 of 3 nodes",
        "--nodes",
        "--timeout",
    ]);
    let files = parties.files("client");
    assert!(matches!(&files[..], [file] if file.ends_with("/public-key.pem")), "{files:?}");
}

#[test]
fn ports_in_use_and_unreachable_clients_are_reported() {
    let parties = Parties::new();
    let address = format!("127.0.0.1:{}", free_port());
    let taken = std::net::TcpListener::bind(&address).unwrap();
    let key = parties.sandbox.file("key.pem");
    let arguments = ["fog", "client", "--listen", &address, "--accept-any", "--message", "a", "--key", path(&key)];
    let ended: CommandOutput = parties.command("client", &arguments).output().unwrap().into();
    ended.expect_code(21).says(&[&address, "--listen"]);
    drop(taken);
    let ended: CommandOutput =
        parties.command("node", &["fog", "node", "--connect", &address, "--timeout", "1"]).output().unwrap().into();
    ended.expect_code(11).says(&[&address]);
}

#[test]
fn wrong_arguments_are_rejected() {
    let parties = Parties::new();
    for arguments in [
        &["fog"][..],
        &["fog", "client", "--out", "out"],
        &["fog", "run", "--message", "a", "--file", "b"],
        &["fog", "run", "--message", "a", "--nodes", "0"],
        &["fog", "node", "--connect", "nowhere", "--out", "out"],
        &["fog", "node", "--connect", "host:1", "--peer-fingerprint", "12"],
        &["fog", "client", "--listen", "127.0.0.1:0", "--key", "a", "--bits", "2048"],
    ] {
        let ended: CommandOutput = parties.sandbox.command(arguments).output().unwrap().into();
        ended.expect_code(2);
    }
    parties.sandbox.run(["fog", "run", "--file", "no-such-file"]).expect_code(8).says(&["no-such-file"]);
    parties.sandbox.run(["fog", "run", "--file", "."]).expect_code(8);
    // A file in /proc reports a length of 0 but is not empty.
    let report = parties.sandbox.succeed(["fog", "run", "--json", "--bits", "2048", "--file", "/proc/version"]).json();
    assert_eq!(report["text"].as_str(), Some(fs::read_to_string("/proc/version").unwrap().as_str()));
}

/// The command line overrides the environment, and help does not print a message from the environment.
#[test]
fn the_command_line_overrides_the_environment() {
    let parties = Parties::new();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = parties.sandbox.command(arguments);
        CommandOutput::from(command.envs(variables.iter().copied()).output().unwrap())
    };
    for option in [&["--message", "text"][..], &["--message=text"], &["-m", "text"], &["-mtext"]] {
        let arguments = [&["fog", "run", "--bits", "2048", "--quiet"], option].concat();
        let output = run(&arguments, &[("HESTAT_FOG_FILE", "/nowhere")]);
        assert_eq!(output.expect_code(0).stdout, "text");
    }
    let variables = [("HESTAT_FOG_MESSAGE", "top secret"), ("HESTAT_FOG_NODES", "3")];
    let report = run(&["fog", "run", "--bits", "2048", "--json"], &variables).expect_code(0).json();
    assert_eq!((report["text"].as_str(), report["parts"].as_array().map(Vec::len)), (Some("top secret"), Some(3)));
    for command in ["run", "client"] {
        let help = run(&["fog", command, "--help"], &variables).expect_code(0).stdout;
        assert!(help.contains("HESTAT_FOG_MESSAGE") && !help.contains("top secret"), "{help}");
    }
    let list = parties.sandbox.write("nodes.txt", parties.create_identity("node"));
    let arguments = ["fog", "client", "--listen", "127.0.0.1:0", "--message", "a", "--bits", "2048", "--timeout", "1"];
    let variables = [("HESTAT_ACCEPT_ANY", "false"), ("HESTAT_ALLOW_PEER", path(&list)), ("HESTAT_FOG_OUT", "out")];
    run(&arguments, &variables).expect_code(22);
}

/// After Ctrl-C while waiting for nodes, only the public key remains.
#[test]
fn a_signal_ends_the_client_and_a_node() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "never sent"]);
    let node = parties.node("node", &client, &[]);
    parties.wait_for("client", "joined");
    node.signal(Signal::INT);
    node.end().expect_code(130);
    client.process().signal(Signal::INT);
    let public_key = format!("{}/public-key.pem", client.message);
    client.end().expect_code(130).says(&["stopped on request"]);
    assert_eq!(parties.files("client"), [public_key]);
    assert_eq!(parties.files("node"), Vec::<String>::new());
}

/// A node that cannot write its files reports that, and its part goes to another node.
#[test]
fn the_part_of_a_node_that_cannot_write_goes_to_another() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "hello", "--nodes", "1"]);
    let out = parties.out("full");
    fs::create_dir(&out).unwrap();
    // A directory cannot be created where a file exists.
    fs::write(out.join(&client.message), "in the way").unwrap();
    let full = parties.node("full", &client, &[]);
    full.end().expect_code(8).says(&[&client.message]);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
    assert!(parties.journal("client").iter().any(|event| event["event"] == "lost" && event["part"] == 1));
}

#[test]
fn a_file_that_changes_meanwhile_is_detected() {
    let parties = Parties::new();
    let file = parties.sandbox.write("message", "as it was");
    let client = parties.client(&["--file", path(&file), "--nodes", "1"]);
    fs::write(&file, "as it is!").unwrap();
    let node = parties.node("node", &client, &["--timeout", "1"]);
    // The part is complete, but the message is not.
    let files = ["part-1-of-1.jwe", "public-key.pem"].map(|name| format!("{}/{name}", client.message));
    client.end().expect_code(8).says(&["message has changed"]);
    node.signal(Signal::TERM);
    assert_eq!(parties.files("client"), files);
}
