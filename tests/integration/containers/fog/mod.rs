//! The fog profile: a client and two nodes, each in its own container.

mod long_messages;
mod setup;
mod unauthorized;

use setup::{Fog, NODES};

use super::confinement::assert_confined;
use super::owner::CheckoutOwner;
use super::{checkout::Checkout, engine};
use crate::sandbox::{CommandOutput, Terminal, entries, small_table};

const TEXT: &str = "the quick brown fox jumps over the lazy dog";

/// Uses the commands of the documentation and every way to give a message.
#[test]
#[ignore = "needs a container engine"]
fn a_message_comes_back_through_two_nodes() {
    let fog = Fog { checkout: Checkout::new() };
    let owner = CheckoutOwner::of(&fog.checkout);
    fog.checkout.compose(&["--profile", "fog", "up", "-d", "--build"]).expect_code(0);
    let client = ["exec", "-i", "fog-client", "hestat", "fog", "client"];
    let by_option: CommandOutput = engine::run(&[&client[..], &["--message", TEXT]].concat());
    assert!(by_option.expect_code(0).stdout.ends_with(&format!("\n{TEXT}\n")));
    let at_terminal = ["exec", "-it", "fog-client", "hestat", "fog", "client"];
    let terminal = Terminal::start_wholly(&fog.checkout.command("docker", &at_terminal));
    terminal.wait_for("Message");
    terminal.type_keys(&format!("{TEXT}\n\x04"));
    let (code, shown) = terminal.end();
    assert!(code == Some(0) && shown.ends_with(&format!("\n{TEXT}\r\n")), "{code:?} {shown}");
    let message = fog.checkout.write_table("message", TEXT);
    let report = fog.send(&message);
    assert_eq!(report["text"], TEXT);
    fog.assert_correct(&report, &message);
    assert!(NODES.iter().all(|node| entries(&fog.directory(node)).len() == 3 + 1));

    // The owner of the checkout can read the files, too.
    assert_eq!(owner.run("cat data/fog/client/*/message").expect_code(0).stdout, TEXT.repeat(3));
    if owner.is_created {
        assert_ne!(owner.run_as("54322", "ls data/fog/node-1").code, Some(0));
    }
    fog.checkout.compose(&["--profile", "fog", "down"]).expect_code(0);
    owner.run("rm -r data/fog").expect_code(0);
}

#[test]
#[ignore = "needs a container engine"]
fn no_fog_process_is_root_and_private_keys_stay_in_their_container() {
    let fog = Fog::up();
    fog.send(&fog.checkout.write_table("message", TEXT));
    assert_confined("fog-client", "65003", &["/data", "/state/rsa", "/tmp"]);
    assert_confined("fog-node-1", "65004", &["/data", "/tmp"]);
    assert_confined("fog-node-2", "65005", &["/data", "/tmp"]);
    let containers = ["fog-client", NODES[0], NODES[1]];
    let mut keys: Vec<(&str, String)> = Vec::new();
    for name in containers {
        let found = engine::output(&["exec", name, "sh", "-c", "stat -c %a /state /state/*/*.pem; cat /state/*/*.pem"]);
        assert!(found.lines().take_while(|line| !line.starts_with('-')).all(|mode| ["600", "700"].contains(&mode)));
        // The long base64 lines are the keys.
        keys.extend(found.lines().filter(|line| line.len() > 60).map(|line| (name, line.to_owned())));
    }
    assert!(keys.len() > 20, "{}", keys.len());
    for name in containers {
        let seen = mounted_files(name);
        let description = engine::run(&["inspect", name]).stdout + &engine::run(&["logs", name]).stderr;
        for (owner, line) in &keys {
            assert_eq!(seen.contains(line.as_str()), *owner == name, "a key of {owner} in {name}");
            assert!(!description.contains(line.as_str()));
        }
    }
    // The setup service has neither a network nor a shared directory; a service that shares a directory has no other
    // mount.
    let mounts = "{{range .Mounts}}{{.Destination}} {{end}}{{.HostConfig.NetworkMode}}";
    for (service, expected) in
        [("setup-fog", "/client /keys /node-1 /node-2 none"), ("share-fog-node-1", "/owner /shared none")]
    {
        let container = fog.checkout.compose(&["ps", "--all", "--quiet", service]).expect_code(0).stdout;
        let mounted = engine::inspect(container.trim(), mounts);
        let mut words: Vec<&str> = mounted.split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>(), "{service}");
    }
}

/// The script also removes other containers started from the checkout.
#[test]
#[ignore = "needs a container engine"]
fn the_script_also_stops_the_fog_containers() {
    let fog = Fog::up();
    fog.checkout.write_table("table.csv", &small_table(50));
    let output: CommandOutput = fog.checkout.run_sh(&["--containers", "table.csv"]).output().unwrap().into();
    output.expect_code(0);
    assert_eq!(fog.checkout.resources(), Vec::<String>::new());
}

/// Returns all files mounted in a container, read as root.
fn mounted_files(name: &str) -> String {
    let read = "find /data /state -type f -exec cat {} +";
    engine::output(&["run", "--rm", "--user", "0:0", "--volumes-from", name, "hestat-fog", "sh", "-c", read])
}
