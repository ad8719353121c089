//! Unlimited uploads and full disks: the client gets a clear error, and an interrupted upload resumes once there is
//! space.

use std::fs;
use std::thread;

use super::client::Client;
use crate::interrupted::SmallDisk;
use crate::sandbox::{Sandbox, TestServer, entries, everything, path};

/// The disk quota of all clients together, in bytes.
const DISK_QUOTA: u64 = 20_000_000;

/// Uploads more than the quota. Returns the code of the server's last reply.
fn fill(served: &TestServer, name: &str) -> u16 {
    Client::logged_in(served).store(&format!("STOR {name}"), &vec![7; 64_000_000])
}

fn stored(served: &TestServer) -> u64 {
    let files = everything(&served.at(""));
    files.iter().map(|file| file.metadata().unwrap()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}

/// Writes a table whose ciphertext is larger than [`DISK_QUOTA`].
fn big_table(sandbox: &Sandbox) -> String {
    let table = sandbox.file("table.csv");
    sandbox.succeed(["sample", "--rows", "80000", "--output", path(&table)]);
    path(&table).to_owned()
}

#[test]
fn the_quota_is_never_exceeded() {
    let mut served = TestServer::new(&["--max-disk", "20M"]);
    assert_eq!(fill(&served, "first"), 552);
    assert!(stored(&served) <= DISK_QUOTA, "{}", stored(&served));
    let table = big_table(&served.sandbox);
    served.run(&["init", "--input", &table]).expect_code(19).says(&["init --resume"]);
    assert_eq!(Client::logged_in(&served).command("DELE first"), 250);
    let job = served.sandbox.jobs().pop().unwrap();
    served.run(&["init", "--resume", &job]).expect_code(19);
    assert!(stored(&served) <= DISK_QUOTA && entries(&served.at("outbox")).is_empty());
    served.restart(&["--max-disk", "1G"]);
    served.run(&["init", "--resume", &job]).expect_code(0);
    served.run(&["result", &job, "--wait", "--timeout", "60", "--check", &table]).expect_code(0);
}

/// The quota can be used up to its last block; empty files and directories count, too.
#[test]
fn the_whole_quota_can_be_used_and_no_more() {
    let served = TestServer::new(&["--max-disk", "1M"]);
    let mut client = Client::logged_in(&served);
    let before = stored(&served);
    assert_eq!((before, client.store("STOR fits", &vec![7; 950_000])), (0, 226));
    let mut empty = (0..).map(|number| [format!("MKD d{number}"), format!("STOR f{number}")]);
    let mut refused = [false; 2];
    while refused != [true; 2] {
        let [directory, file] = empty.next().unwrap();
        refused = [client.command(&directory) == 552, client.store(&file, b"") == 552];
        assert!(entries(&served.at("")).len() < 20);
    }
    assert_eq!((client.command("DELE fits"), client.store("STOR again", &vec![7; 900_000])), (250, 226));
}

#[test]
fn many_clients_at_once_do_not_exceed_the_quota() {
    let served = TestServer::new(&["--max-disk", "20M"]);
    thread::scope(|scope| {
        let fillers: Vec<_> = (0..8)
            .map(|number| {
                let served = &served;
                scope.spawn(move || fill(served, &number.to_string()))
            })
            .collect();
        assert!(fillers.into_iter().all(|filler| filler.join().unwrap() == 552));
    });
    assert!(stored(&served) <= DISK_QUOTA, "{}", stored(&served));
    let mut client = Client::logged_in(&served);
    // A client that came too late was refused before its file was created.
    let files = entries(&served.at(""));
    assert!((1..=8).contains(&files.len()), "{files:?}");
    for file in files {
        assert_eq!(client.command(&format!("DELE {file}")), 250);
    }
    served.assert_reachable();
}

#[test]
#[ignore = "mounts a file system"]
fn a_full_disk_is_reported_and_the_upload_resumes() {
    let sandbox = Sandbox::new();
    let disk = SmallDisk::mount(&sandbox.server(), 1 << 20);
    let table = sandbox.file("table.csv");
    sandbox.succeed(["sample", "--rows", "6000", "--output", path(&table)]);
    let served = TestServer::start(sandbox.with_server(disk.path()), &[]);
    served.run(&["init", "--input", path(&table)]).expect_code(18).says(&["init --resume"]);
    assert_eq!(fill(&served, "filler"), 452);
    assert_eq!(Client::logged_in(&served).command("DELE filler"), 250);
    disk.free_space();
    served.run(&["init", "--resume", &served.sandbox.jobs()[0]]).expect_code(0);
    served.run(&["result", "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
}
