//! Other clients' jobs: an account may delete files, as their owner may, but it cannot forge another client's dataset
//! or the server's totals.

use std::fs;
use std::io::Write;

use super::client::Client;
use crate::sandbox::{TestServer, entries, path, wait_until};

/// Encrypts and uploads a small table. Returns the job ID.
fn send(served: &TestServer) -> String {
    let table = served.sandbox.file("table.csv");
    served.sandbox.succeed(["sample", "--rows", "300", "--output", path(&table)]);
    let output = served.run(&["init", "--json", "--input", path(&table)]).expect_code(0);
    output.json()["job"].as_str().unwrap().to_owned()
}

/// Fetches the job's result, which must be exact.
#[track_caller]
fn fetch(served: &TestServer, job: &str) {
    let table = served.sandbox.file("table.csv");
    served.run(&["result", job, "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
}

/// Asserts that the server refuses each command with a 5xx reply.
#[track_caller]
fn assert_commands_refused(client: &mut Client, commands: &[String]) {
    for command in commands {
        let code = match command.split(' ').next().unwrap() {
            "STOR" | "APPE" => client.store(command, b"forged"),
            _ => client.command(command),
        };
        assert!((500..600).contains(&code), "{command}: {code}");
    }
}

/// Returns commands that would create, change or remove a file at this target.
fn forgeries(target: &str) -> Vec<String> {
    let mut commands: Vec<String> =
        ["STOR", "APPE", "RNFR", "MKD"].iter().map(|verb| format!("{verb} {target}")).collect();
    commands.push(format!("RNTO {target}"));
    commands
}

#[test]
fn jobs_of_other_clients_cannot_be_overwritten_or_renamed() {
    let served = TestServer::new(&["--no-compute"]);
    let job = send(&served);
    let dataset = fs::read(served.at(format!("inbox/{job}/dataset.hes"))).unwrap();
    let mut client = Client::logged_in(&served);
    assert_eq!(client.store("STOR mine", b"forged"), 226);
    let (inbox, outbox) = (format!("inbox/{job}"), format!("outbox/{job}"));
    for target in [format!("{inbox}/dataset.hes"), format!("{outbox}/totals.hes"), format!("{outbox}/status.json")] {
        assert_commands_refused(&mut client, &forgeries(&target));
        assert_eq!(client.command("RNFR mine"), 350);
        assert!(client.command(&format!("RNTO {target}")) >= 500, "{target}");
    }
    for target in ["inbox", "outbox", &inbox, &outbox, "inbox/../inbox"] {
        let refused = ["STOR", "APPE", "RNFR", "DELE"].map(|verb| format!("{verb} {target}"));
        assert_commands_refused(&mut client, &refused);
    }
    // They exist and are not empty, so RMD does not remove them.
    assert_commands_refused(
        &mut client,
        &["RMD inbox", "RMD outbox", &format!("RMD {inbox}"), "RMD /"].map(str::to_owned),
    );
    assert!(fs::read(served.at(format!("{inbox}/dataset.hes"))).unwrap() == dataset);
    let data = served.at("");
    served.sandbox.succeed(["compute", "--data", path(&data)]);
    let totals = fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap();
    assert_commands_refused(&mut client, &forgeries(&format!("{outbox}/totals.hes")));
    assert!(fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap() == totals);
    fetch(&served, &job);
}

/// Unrelated files in the root or the inbox are left alone, and do not affect jobs.
#[test]
fn unrelated_files_do_no_harm() {
    let served = TestServer::new(&[]);
    let mut client = Client::logged_in(&served);
    let directories = ["photos", "inbox", "inbox/photos", "inbox/0123", "inbox/.."];
    for name in directories {
        client.command(&format!("MKD {name}"));
    }
    let forged = "inbox/00000000000000000000000000000000";
    let directory_instead = "inbox/11111111111111111111111111111111";
    for directory in [forged, directory_instead] {
        assert_eq!(client.command(&format!("MKD {directory}")), 257);
    }
    assert_eq!(client.command(&format!("MKD {directory_instead}/x")), 257);
    for name in ["photo", "photos/one", "totals.hes", "inbox/photos/dataset.hes.part", &format!("{forged}/x.part")] {
        assert_eq!(client.store(&format!("STOR {name}"), &[7; 70_000]), 226, "{name}");
    }
    for (from, to) in [
        ("inbox/photos/dataset.hes.part", "inbox/photos/dataset.hes"),
        (&format!("{forged}/x.part"), &format!("{forged}/dataset.hes")),
    ] {
        assert_eq!(
            (client.command(&format!("RNFR {from}")), client.command(&format!("RNTO {to}"))),
            (350, 250),
            "{to}"
        );
    }
    client.command(&format!("RNFR {directory_instead}/x"));
    client.command(&format!("RNTO {directory_instead}/dataset.hes"));
    for _ in 0..2 {
        let job = send(&served);
        fetch(&served, &job);
    }
    assert_eq!(fs::read(served.at("photos/one")).unwrap(), [7; 70_000]);
    assert!(entries(&served.at("inbox")).contains(&"photos".to_owned()));
}

/// A file that is being written keeps its name, and so do its directories: a dataset under its final name is complete,
/// and no unnamed file takes up space.
#[test]
fn a_file_being_written_keeps_its_name() {
    let served = TestServer::new(&[]);
    let mut writer = Client::logged_in(&served);
    for directory in ["inbox", "inbox/job", "a", "a/b"] {
        assert_eq!(writer.command(&format!("MKD {directory}")), 257);
    }
    for (file, new, directory) in [("inbox/job/x", "inbox/job/dataset.hes", "inbox/job"), ("a/b/x", "a/b/y", "a/b")] {
        let mut data = writer.open(&format!("STOR {file}")).unwrap();
        let mut other = Client::logged_in(&served);
        for (from, to) in [(file, new), (directory, "inbox/new"), (directory, "a/c")] {
            // A writer that stalls may be evicted.
            data.write_all(b"more").unwrap();
            other.command(&format!("RNFR {from}"));
            let code = other.command(&format!("RNTO {to}"));
            assert!([450, 503, 550, 553].contains(&code), "{from} {to}: {code}");
        }
        assert_eq!(other.command(&format!("DELE {file}")), 450);
        data.finish().unwrap();
        assert_eq!(writer.reply(), 226);
        assert_eq!(fs::read(served.at(file)).unwrap(), b"more".repeat(3));
        assert_eq!((other.command(&format!("RNFR {file}")), other.command(&format!("RNTO {new}"))), (350, 250));
    }
    // Other programs can still delete the file; then the upload is not acknowledged.
    let mut data = writer.open("STOR gone").unwrap();
    data.write_all(b"some").unwrap();
    wait_until("some of it", || served.at("gone").metadata().unwrap().len() == 4);
    fs::remove_file(served.at("gone")).unwrap();
    // The server ends the connection without close_notify.
    let _ = data.finish();
    assert_eq!(writer.reply(), 550);
}

/// A file keeps its content until there is new content.
#[test]
fn an_upload_without_data_keeps_the_old_content() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    fs::write(served.at("file"), "content").unwrap();
    let mut client = Client::logged_in(&served);
    client.passive();
    assert_eq!(client.command("STOR file"), 425);
    assert_eq!(fs::read(served.at("file")).unwrap(), b"content");
    assert_eq!((client.command("REST 8"), client.fetch("RETR file")), (350, Err(554)));
}
