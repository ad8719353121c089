//! Other clients' jobs: one account may remove what is there, as its owner may, but can make nothing look like another
//! client's dataset or like the server's answer.

use std::fs;
use std::io::Write;

use super::client::Client;
use crate::sandbox::{TestServer, entries, path, wait_until};

/// Encrypts a small table for this server; the name of its job.
fn send(served: &TestServer) -> String {
    let table = served.sandbox.file("table.csv");
    served.sandbox.succeed(["sample", "--rows", "300", "--output", path(&table)]);
    let told = served.run(&["init", "--json", "--input", path(&table)]).expect_code(0);
    told.json()["job"].as_str().unwrap().to_owned()
}

/// The job's result comes and is exact.
#[track_caller]
fn fetch(served: &TestServer, job: &str) {
    let table = served.sandbox.file("table.csv");
    served.run(&["result", job, "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
}

#[track_caller]
fn assert_refused(client: &mut Client, commands: &[String]) {
    for command in commands {
        let code = match command.split(' ').next().unwrap() {
            "STOR" | "APPE" => client.store(command, b"forged"),
            _ => client.say(command),
        };
        assert!((500..600).contains(&code), "{command}: {code}");
    }
}

/// Everything that would put something else, or nothing, at a place where it does not belong.
fn forgeries(place: &str) -> Vec<String> {
    let mut commands: Vec<String> =
        ["STOR", "APPE", "RNFR", "MKD"].iter().map(|verb| format!("{verb} {place}")).collect();
    commands.push(format!("RNTO {place}"));
    commands
}

#[test]
fn jobs_of_others_cannot_be_written_into_or_renamed() {
    let served = TestServer::new(&["--no-compute"]);
    let job = send(&served);
    let dataset = fs::read(served.at(format!("inbox/{job}/dataset.hes"))).unwrap();
    let mut client = Client::member(&served);
    assert_eq!(client.store("STOR mine", b"forged"), 226);
    let (inbox, outbox) = (format!("inbox/{job}"), format!("outbox/{job}"));
    for place in [format!("{inbox}/dataset.hes"), format!("{outbox}/totals.hes"), format!("{outbox}/status.json")] {
        assert_refused(&mut client, &forgeries(&place));
        assert_eq!(client.say("RNFR mine"), 350);
        assert!(client.say(&format!("RNTO {place}")) >= 500, "{place}");
    }
    for place in ["inbox", "outbox", &inbox, &outbox, "inbox/../inbox"] {
        let refused = ["STOR", "APPE", "RNFR", "DELE"].map(|verb| format!("{verb} {place}"));
        assert_refused(&mut client, &refused);
    }
    // Both are full or not there; what is in them is not removed with them.
    assert_refused(&mut client, &["RMD inbox", "RMD outbox", &format!("RMD {inbox}"), "RMD /"].map(str::to_owned));
    assert!(fs::read(served.at(format!("{inbox}/dataset.hes"))).unwrap() == dataset);
    let data = served.at("");
    served.sandbox.succeed(["compute", "--data", path(&data)]);
    let totals = fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap();
    assert_refused(&mut client, &forgeries(&format!("{outbox}/totals.hes")));
    assert!(fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap() == totals);
    fetch(&served, &job);
}

/// Whatever else lies in the root or the inbox is left alone, and so are those who sent jobs.
#[test]
fn foreign_files_harm_nobody() {
    let served = TestServer::new(&[]);
    let mut client = Client::member(&served);
    let folders = ["photos", "inbox", "inbox/photos", "inbox/0123", "inbox/.."];
    for name in folders {
        client.say(&format!("MKD {name}"));
    }
    let forged = "inbox/00000000000000000000000000000000";
    let folder_instead = "inbox/11111111111111111111111111111111";
    for folder in [forged, folder_instead] {
        assert_eq!(client.say(&format!("MKD {folder}")), 257);
    }
    assert_eq!(client.say(&format!("MKD {folder_instead}/x")), 257);
    for name in ["photo", "photos/one", "totals.hes", "inbox/photos/dataset.hes.part", &format!("{forged}/x.part")] {
        assert_eq!(client.store(&format!("STOR {name}"), &[7; 70_000]), 226, "{name}");
    }
    for (from, to) in [
        ("inbox/photos/dataset.hes.part", "inbox/photos/dataset.hes"),
        (&format!("{forged}/x.part"), &format!("{forged}/dataset.hes")),
    ] {
        assert_eq!((client.say(&format!("RNFR {from}")), client.say(&format!("RNTO {to}"))), (350, 250), "{to}");
    }
    client.say(&format!("RNFR {folder_instead}/x"));
    client.say(&format!("RNTO {folder_instead}/dataset.hes"));
    for _ in 0..2 {
        let job = send(&served);
        fetch(&served, &job);
    }
    assert_eq!(fs::read(served.at("photos/one")).unwrap(), [7; 70_000]);
    assert!(entries(&served.at("inbox")).contains(&"photos".to_owned()));
}

/// What is being written keeps its name, and so do the folders that it is in: a dataset that has its name is whole, and what
/// has none takes no room.
#[test]
fn what_is_being_written_keeps_its_name() {
    let served = TestServer::new(&[]);
    let mut writer = Client::member(&served);
    for folder in ["inbox", "inbox/job", "a", "a/b"] {
        assert_eq!(writer.say(&format!("MKD {folder}")), 257);
    }
    for (file, new, folder) in [("inbox/job/x", "inbox/job/dataset.hes", "inbox/job"), ("a/b/x", "a/b/y", "a/b")] {
        let mut data = writer.open(&format!("STOR {file}")).unwrap();
        let mut other = Client::member(&served);
        for (from, to) in [(file, new), (folder, "inbox/new"), (folder, "a/c")] {
            // Who stands still for a while may be taken to be gone.
            data.write_all(b"more").unwrap();
            other.say(&format!("RNFR {from}"));
            let code = other.say(&format!("RNTO {to}"));
            assert!([450, 503, 550, 553].contains(&code), "{from} {to}: {code}");
        }
        assert_eq!(other.say(&format!("DELE {file}")), 450);
        data.finish().unwrap();
        assert_eq!(writer.reply(), 226);
        assert_eq!(fs::read(served.at(file)).unwrap(), b"more".repeat(3));
        assert_eq!((other.say(&format!("RNFR {file}")), other.say(&format!("RNTO {new}"))), (350, 250));
    }
    // Whoever has the disk can take names away all the same; then nothing is acknowledged.
    let mut data = writer.open("STOR gone").unwrap();
    data.write_all(b"some").unwrap();
    wait_until("some of it", || served.at("gone").metadata().unwrap().len() == 4);
    fs::remove_file(served.at("gone")).unwrap();
    // The server ends it without a farewell.
    data.finish().ok();
    assert_eq!(writer.reply(), 550);
}

/// Until there is something to take their place, bytes stay.
#[test]
fn an_upload_without_data_takes_nothing_away() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    fs::write(served.at("file"), "content").unwrap();
    let mut client = Client::member(&served);
    client.passive();
    assert_eq!(client.say("STOR file"), 425);
    assert_eq!(fs::read(served.at("file")).unwrap(), b"content");
    assert_eq!((client.say("REST 8"), client.fetch("RETR file")), (350, Err(554)));
}
