//! Profile fog: a client and two nodes, each in a container of its own.

mod field;
mod lost;
mod strangers;

use field::{Fog, NODES};

use super::confined::assert_confined;
use super::person::Person;
use super::{checkout::Checkout, engine};
use crate::sandbox::{CommandOutput, Terminal, entries};
use crate::site::small_table;

const TEXT: &str = "the quick brown fox jumps over the lazy dog";

/// As the README says it, in every way in which a message can be given.
#[test]
#[ignore = "needs a container engine"]
fn a_message_comes_back_through_two_nodes() {
    let fog = Fog { checkout: Checkout::new() };
    let person = Person::of(&fog.checkout);
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
    let told = fog.send(&message);
    assert_eq!(told["text"], TEXT);
    fog.assert_right(&told, &message);
    assert!(NODES.iter().all(|node| entries(&fog.folder(node)).len() == 3 + 1));

    // The files are the person's too.
    assert_eq!(person.run("cat data/fog/client/*/message").expect_code(0).stdout, TEXT.repeat(3));
    if person.is_made {
        assert_ne!(person.run_as("54322", "ls data/fog/node-1").code, Some(0));
    }
    fog.checkout.compose(&["--profile", "fog", "down"]).expect_code(0);
    person.run("rm -r data/fog").expect_code(0);
}

#[test]
#[ignore = "needs a container engine"]
fn nothing_in_the_fog_is_root_and_private_keys_stay_where_they_are() {
    let fog = Fog::up();
    fog.send(&fog.checkout.write_table("message", TEXT));
    assert_confined("fog-client", "65003", &["/data", "/state/rsa", "/tmp"]);
    assert_confined("fog-node-1", "65004", &["/data", "/tmp"]);
    assert_confined("fog-node-2", "65005", &["/data", "/tmp"]);
    let all = ["fog-client", NODES[0], NODES[1]];
    let mut keys: Vec<(&str, String)> = Vec::new();
    for name in all {
        let found = engine::ask(&["exec", name, "sh", "-c", "stat -c %a /state /state/*/*.pem; cat /state/*/*.pem"]);
        assert!(found.lines().take_while(|line| !line.starts_with('-')).all(|mode| ["600", "700"].contains(&mode)));
        // Long lines of base64 are the keys.
        keys.extend(found.lines().filter(|line| line.len() > 60).map(|line| (name, line.to_owned())));
    }
    assert!(keys.len() > 20, "{}", keys.len());
    for name in all {
        let seen = everything_in(name);
        let told = engine::run(&["inspect", name]).stdout + &engine::run(&["logs", name]).stderr;
        for (owner, line) in &keys {
            assert_eq!(seen.contains(line.as_str()), *owner == name, "a key of {owner} in {name}");
            assert!(!told.contains(line.as_str()));
        }
    }
    // What prepares all of it has neither a network nor a folder; what shares a folder has no other.
    let places = "{{range .Mounts}}{{.Destination}} {{end}}{{.HostConfig.NetworkMode}}";
    for (service, expected) in
        [("setup-fog", "/client /keys /node-1 /node-2 none"), ("share-fog-node-1", "/owner /shared none")]
    {
        let container = fog.checkout.compose(&["ps", "--all", "--quiet", service]).expect_code(0).stdout;
        let told = engine::inspect(container.trim(), places);
        let mut words: Vec<&str> = told.split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>(), "{service}");
    }
}

/// Whatever else was started from a checkout goes with its containers.
#[test]
#[ignore = "needs a container engine"]
fn the_script_takes_the_fog_down_too() {
    let fog = Fog::up();
    fog.checkout.write_table("table.csv", &small_table(50));
    let ended: CommandOutput = fog.checkout.run_sh(&["--containers", "table.csv"]).output().unwrap().into();
    ended.expect_code(0);
    assert_eq!(fog.checkout.belongings(), Vec::<String>::new());
}

/// All that is mounted in a container, as root would read it there.
fn everything_in(name: &str) -> String {
    let read = "find /data /state -type f -exec cat {} +";
    engine::ask(&["run", "--rm", "--user", "0:0", "--volumes-from", name, "hestat-fog", "sh", "-c", read])
}
