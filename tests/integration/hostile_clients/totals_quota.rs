//! Totals that are larger than their datasets: they count towards the disk quota before they are computed.

use std::fs;

use super::client::Client;
use crate::sandbox::{TestServer, entries, everything, path, wait_until};

/// The disk quota, in bytes.
const DISK_QUOTA: u64 = 1_000_000;

const BLOCK: u64 = 4096;

/// Returns the bytes stored below the root, in whole blocks.
fn stored(served: &TestServer) -> u64 {
    let sizes = everything(&served.at("")).into_iter().filter_map(|path| path.symlink_metadata().ok());
    sizes.map(|meta| meta.len().max(1).next_multiple_of(BLOCK)).sum()
}

/// Returns the content of a job's status file.
fn status(served: &TestServer, job: &str) -> String {
    fs::read_to_string(served.at(format!("outbox/{job}/status.json"))).unwrap_or_default()
}

fn has_totals(served: &TestServer, job: &str) -> bool {
    served.at(format!("outbox/{job}/totals.hes")).exists()
}

#[test]
fn totals_never_exceed_the_quota() {
    let quota = DISK_QUOTA.to_string();
    let mut served = TestServer::new(&["--max-disk", &quota, "--no-compute"]);
    let table = served.sandbox.write("table.csv", "a,b\n1,2\n");
    for _ in 0..24 {
        served.run(&["init", "--input", path(&table)]).expect_code(0);
    }
    let jobs = entries(&served.at("inbox"));
    served.restart(&["--max-disk", &quota]);
    let is_finished = |job: &String| has_totals(&served, job) || status(&served, job).contains("failed");
    wait_until("all jobs", || {
        assert!(stored(&served) <= DISK_QUOTA, "{}", stored(&served));
        jobs.iter().all(is_finished)
    });
    let (done, refused): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| has_totals(&served, job));
    assert!(done.len() >= 5 && refused.len() >= 3, "{} {}", done.len(), refused.len());
    for job in &refused {
        let output = served.run(&["result", job]).expect_code(10);
        assert!(output.stderr.contains("no space: the totals need "), "{}", output.stderr);
        assert!(served.at(format!("inbox/{job}/dataset.hes")).exists());
    }
    served.run(&["result", done[0]]).expect_code(0);
    // Fetching and deleting jobs frees space for the others, which are computed then.
    for job in &done {
        served.run(&["forget", job]).expect_code(0);
    }
    for job in &refused {
        wait_until("totals that fit now", || {
            assert!(stored(&served) <= DISK_QUOTA, "{}", stored(&served));
            has_totals(&served, job)
        });
    }
    served.run(&["result", refused[0]]).expect_code(0);
}

/// After every command, also of the server itself, the free space is exactly the quota minus what is stored.
#[test]
fn the_running_total_is_exact() {
    let mut served = TestServer::new(&["--max-disk", "3M"]);
    let mut client = Client::logged_in(&served);
    let before = free(&mut client);
    for size in [0, 1, 4095, 4096, 4097, 700_000, 300_000, 5000] {
        assert_eq!(client.store("STOR file", &vec![7; size]), 226);
        assert_eq!((client.command("REST 0"), client.store("STOR file", &vec![7; size / 2])), (350, 226));
        assert_eq!(client.store("APPE file", &vec![7; size]), 226);
        assert_eq!(free(&mut client) + stored(&served), before, "{size}");
    }
    let mut broken = client.open("STOR broken").unwrap();
    std::io::Write::write_all(&mut broken, &vec![7; 300_001]).unwrap();
    // Closes the connection without close_notify.
    drop(broken);
    client.reply();
    assert_eq!(client.store("STOR too-much", &vec![7; 5_000_000]), 552);
    assert_eq!(free(&mut client) + stored(&served), before);
    for command in ["MKD a", "MKD a/b", "RNFR file", "RNTO a/b/file", "RNFR a/b", "RNTO a/c", "DELE too-much"] {
        assert!(client.command(command) < 400, "{command}");
        // No other command may come between RNFR and RNTO.
        if !command.starts_with("RNFR") {
            assert_eq!(free(&mut client) + stored(&served), before, "{command}");
        }
    }
    for command in ["MKD a", "RMD a", "DELE a/none", "RNFR a/none", "MKD x/y"] {
        assert!(client.command(command) >= 400, "{command}");
    }
    for command in ["DELE a/c/file", "RMD a/c", "RMD a", "DELE broken"] {
        assert_eq!(client.command(command), 250, "{command}");
    }
    assert_eq!((stored(&served), free(&mut client)), (0, before));
    served.assert_runs_job(300);
    assert_eq!(free(&mut client) + stored(&served), before, "with what was computed");
    drop(client);
    served.restart(&["--max-disk", "3M"]);
    let mut client = Client::logged_in(&served);
    assert_eq!(free(&mut client) + stored(&served), before, "measured at the start");
}

/// The server's total does not include these changes until it has scanned the directory.
#[test]
fn changes_by_other_programs_are_detected() {
    let served = TestServer::new(&["--max-disk", "3M"]);
    let mut client = Client::logged_in(&served);
    let before = free(&mut client);
    fs::create_dir(served.at("directory")).unwrap();
    fs::write(served.at("directory/other"), vec![7; 2_500_000]).unwrap();
    wait_until("the scan to find the new file", || free(&mut client) + stored(&served) == before);
    assert_eq!(client.store("STOR file", &vec![7; 1_000_000]), 552);
    fs::remove_dir_all(served.at("directory")).unwrap();
    wait_until("the scan to find the file gone", || free(&mut client) + stored(&served) == before);
    assert_eq!(client.store("STOR file", &vec![7; 1_000_000]), 226);
}

/// Returns the number of bytes that may still be stored, as the server reports it.
fn free(client: &mut Client) -> u64 {
    client.send(b"SITE HESTAT\r\n").unwrap();
    let reply = client.reply_text();
    reply.rsplit_once(" free=").unwrap_or_else(|| panic!("{reply}")).1.parse().unwrap()
}

/// Many clients at once upload, abort, overwrite and delete.
#[test]
fn the_running_total_is_exact_with_concurrent_clients() {
    let served = TestServer::new(&["--max-disk", "40M"]);
    let before = free(&mut Client::logged_in(&served));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let served = &served;
            scope.spawn(move || {
                let mut client = Client::logged_in(served);
                for round in 0..6_usize {
                    let name = format!("{}", (number + round) % 5);
                    let size = 100_000 * (round + 1) + number;
                    client.store(&format!("STOR {name}"), &vec![1; size]);
                    client.command(&format!("MKD directory{}", round % 3));
                    client.command(&format!("DELE {}", (number + 2 * round) % 5));
                    client.command(&format!("RMD directory{}", (round + number) % 3));
                }
            });
        }
    });
    // The server may still be ending a session when its client has disconnected.
    wait_until("the total", || free(&mut Client::logged_in(&served)) + stored(&served) == before);
}
