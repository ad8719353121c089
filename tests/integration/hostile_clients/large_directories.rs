//! Directories with many files: neither queries for free space nor unread listings slow down other clients.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::thread;

use super::client::Client;
use super::stream::Stream;
use crate::sandbox::TestServer;

/// Creates a directory with `count` empty files. Returns their names, each of `length` digits.
fn fill(served: &TestServer, count: usize, length: usize) -> BTreeSet<String> {
    fs::create_dir(served.at("many")).unwrap();
    let names: BTreeSet<String> = (0..count).map(|number| format!("{number:0length$}")).collect();
    for name in &names {
        File::create(served.at("many").join(name)).unwrap();
    }
    names
}

/// Regression test: each of these commands used to scan all files.
#[test]
fn asking_for_free_space_does_not_count_the_files() {
    let mut served = TestServer::new(&[]);
    fill(&served, 30_000, 6);
    served.restart(&["--max-disk", "1G"]);
    let before = served.process().processor_time();
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                let mut client = Client::logged_in(&served);
                for _ in 0..50 {
                    assert_eq!(client.command("SITE HESTAT"), 200);
                }
            });
        }
        let mut honest = Client::logged_in(&served);
        assert_eq!(honest.store("STOR honest", &[7; 1024]), 226);
    });
    // One scan takes some 20 milliseconds; two thousand would take 40 seconds.
    let elapsed = served.process().processor_time().saturating_sub(before);
    eprintln!("two thousand queries: {elapsed:?} of processor time");
    assert!(elapsed.as_secs() < 10, "{elapsed:?}");
}

/// Each client requests a listing and does not read it.
#[test]
fn unread_listings_take_little_memory() {
    let served = TestServer::new(&[]);
    fill(&served, 10_000, 240);
    let clients: Vec<(Client, Stream)> = (0..60)
        .map(|number| {
            let mut client = Client::logged_in(&served);
            let data = client.open(["LIST many", "MLSD many", "NLST many"][number % 3]).unwrap();
            (client, data)
        })
        .collect();
    let mut stat_clients: Vec<Client> = (0..20).map(|_| Client::logged_in(&served)).collect();
    for client in &mut stat_clients {
        client.send(b"STAT many\r\n").unwrap();
    }
    served.assert_runs_job(100);
    let memory = served.process().peak_memory();
    eprintln!("{} unread listings: at most {memory} kB", clients.len() + stat_clients.len());
    assert!(memory < 96 << 10, "{memory} kB");
}

#[test]
fn listings_have_all_entries() {
    let served = TestServer::new(&[]);
    let names = fill(&served, 30_000, 6);
    let mut client = Client::logged_in(&served);
    let listing = String::from_utf8(client.fetch("NLST many").unwrap()).unwrap();
    assert_eq!(listing.lines().map(str::to_owned).collect::<BTreeSet<_>>(), names);
    for list in ["LIST many", "MLSD many"] {
        let listing = String::from_utf8(client.fetch(list).unwrap()).unwrap();
        assert_eq!(listing.lines().count(), names.len(), "{list}");
        assert!(listing.lines().all(|line| names.contains(line.rsplit(' ').next().unwrap())), "{list}");
    }
    assert_eq!((client.command("STAT many"), client.command("NOOP")), (213, 200));
}
