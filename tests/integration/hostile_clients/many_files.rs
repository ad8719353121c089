//! Folders of many files: neither commands that ask for free space nor listings that nobody reads hold others up.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::thread;

use super::client::Client;
use super::wire::Wire;
use crate::sandbox::TestServer;

/// Makes a folder of so many empty files, whose names are as long as that.
fn fill(served: &TestServer, count: usize, length: usize) -> BTreeSet<String> {
    fs::create_dir(served.at("many")).unwrap();
    let names: BTreeSet<String> = (0..count).map(|number| format!("{number:0length$}")).collect();
    for name in &names {
        File::create(served.at("many").join(name)).unwrap();
    }
    names
}

/// Each of these commands once made the server look at each file.
#[test]
fn asking_for_free_space_does_not_count_the_files() {
    let mut served = TestServer::new(&[]);
    fill(&served, 30_000, 6);
    served.restart(&["--max-disk", "1G"]);
    let before = served.process().processor_time();
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                let mut client = Client::member(&served);
                for _ in 0..50 {
                    assert_eq!(client.say("SITE HESTAT"), 200);
                }
            });
        }
        let mut honest = Client::member(&served);
        assert_eq!(honest.store("STOR honest", &[7; 1024]), 226);
    });
    // One look at each of them is some 20 milliseconds; two thousand were 40 seconds.
    let took = served.process().processor_time().saturating_sub(before);
    eprintln!("two thousand times: {took:?} of processor time");
    assert!(took.as_secs() < 10, "{took:?}");
}

/// Each client asks for a list and reads nothing of it.
#[test]
fn listings_that_nobody_reads_take_little_memory() {
    let served = TestServer::new(&[]);
    fill(&served, 10_000, 240);
    let clients: Vec<(Client, Wire)> = (0..60)
        .map(|number| {
            let mut client = Client::member(&served);
            let data = client.open(["LIST many", "MLSD many", "NLST many"][number % 3]).unwrap();
            (client, data)
        })
        .collect();
    let mut askers: Vec<Client> = (0..20).map(|_| Client::member(&served)).collect();
    for asker in &mut askers {
        asker.send(b"STAT many\r\n").unwrap();
    }
    served.does_a_job(100);
    let memory = served.process().peak_memory();
    eprintln!("{} listings that nobody reads: at most {memory} kB", clients.len() + askers.len());
    assert!(memory < 96 << 10, "{memory} kB");
}

#[test]
fn listings_have_all_entries() {
    let served = TestServer::new(&[]);
    let names = fill(&served, 30_000, 6);
    let mut client = Client::member(&served);
    let told = String::from_utf8(client.fetch("NLST many").unwrap()).unwrap();
    assert_eq!(told.lines().map(str::to_owned).collect::<BTreeSet<_>>(), names);
    for list in ["LIST many", "MLSD many"] {
        let told = String::from_utf8(client.fetch(list).unwrap()).unwrap();
        assert_eq!(told.lines().count(), names.len(), "{list}");
        assert!(told.lines().all(|line| names.contains(line.rsplit(' ').next().unwrap())), "{list}");
    }
    assert_eq!((client.say("STAT many"), client.say("NOOP")), (213, 200));
}
