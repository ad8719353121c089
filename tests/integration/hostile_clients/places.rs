//! Other clients' jobs: one account may remove what is there, as its owner may, but can make nothing look like another
//! client's dataset or like the server's answer.

use std::fs;

use super::client::Client;
use crate::house::{Served, entries, path};

/// Encrypts a small table for this server; the name of its job.
fn send(served: &Served) -> String {
    let table = served.house.file("table.csv");
    served.house.succeed(["sample", "--rows", "300", "--output", path(&table)]);
    let told = served.run(&["init", "--json", "--input", path(&table)]).expect_code(0);
    told.json()["job"].as_str().unwrap().to_owned()
}

/// The job's result comes and is exact.
#[track_caller]
fn fetch(served: &Served, job: &str) {
    let table = served.house.file("table.csv");
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
    let served = Served::new(&["--no-compute"]);
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
    served.house.succeed(["compute", "--data", path(&data)]);
    let totals = fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap();
    assert_refused(&mut client, &forgeries(&format!("{outbox}/totals.hes")));
    assert!(fs::read(served.at(format!("{outbox}/totals.hes"))).unwrap() == totals);
    fetch(&served, &job);
}

/// Whatever else lies in the root or the inbox is left alone, and so are those who sent jobs.
#[test]
fn foreign_files_harm_nobody() {
    let served = Served::new(&[]);
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

/// The dataset gets its name while it is still being written: it is computed when it is whole, or not at all.
#[test]
fn an_upload_that_is_renamed_under_way_is_not_computed_by_halves() {
    let mut served = Served::new(&["--no-compute"]);
    let job = send(&served);
    let whole = fs::read(served.at(format!("inbox/{job}/dataset.hes"))).unwrap();
    fs::remove_file(served.at(format!("inbox/{job}/dataset.hes"))).unwrap();
    served.restart(&[]);
    let mut client = Client::member(&served);
    let mut data = client.open(&format!("STOR inbox/{job}/dataset.hes.part")).unwrap();
    let (first, rest) = whole.split_at(whole.len() / 2);
    std::io::Write::write_all(&mut data, first).unwrap();
    let mut other = Client::member(&served);
    assert_eq!(other.say(&format!("RNFR inbox/{job}/dataset.hes.part")), 350);
    other.say(&format!("RNTO inbox/{job}/dataset.hes"));
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert!(!served.at(format!("outbox/{job}/totals.hes")).exists());
    std::io::Write::write_all(&mut data, rest).unwrap();
    data.finish().unwrap();
    assert_eq!(client.reply(), 226);
    fetch(&served, &job);
}
