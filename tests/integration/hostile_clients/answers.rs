//! Answers that are larger than their datasets: they count for the quota before they are computed.

use std::fs;

use super::client::Client;
use crate::sandbox::{TestServer, entries, everything, path, wait_until};

/// Bytes that everything below the root may take.
const MOST: u64 = 1_000_000;

const BLOCK: u64 = 4096;

/// What is below the root, in whole blocks.
fn stored(served: &TestServer) -> u64 {
    let sizes = everything(&served.at("")).into_iter().filter_map(|path| path.symlink_metadata().ok());
    sizes.map(|meta| meta.len().max(1).next_multiple_of(BLOCK)).sum()
}

/// What the server says of a job.
fn status(served: &TestServer, job: &str) -> String {
    fs::read_to_string(served.at(format!("outbox/{job}/status.json"))).unwrap_or_default()
}

fn has_totals(served: &TestServer, job: &str) -> bool {
    served.at(format!("outbox/{job}/totals.hes")).exists()
}

#[test]
fn answers_take_no_more_than_there_is() {
    let most = MOST.to_string();
    let mut served = TestServer::new(&["--max-disk", &most, "--no-compute"]);
    let table = served.sandbox.write("table.csv", "a,b\n1,2\n");
    for _ in 0..24 {
        served.run(&["init", "--input", path(&table)]).expect_code(0);
    }
    let jobs = entries(&served.at("inbox"));
    served.restart(&["--max-disk", &most]);
    let settled = |job: &String| has_totals(&served, job) || status(&served, job).contains("failed");
    wait_until("all jobs", || {
        assert!(stored(&served) <= MOST, "{}", stored(&served));
        jobs.iter().all(settled)
    });
    let (done, refused): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| has_totals(&served, job));
    assert!(done.len() >= 5 && refused.len() >= 3, "{} {}", done.len(), refused.len());
    for job in &refused {
        let told = served.run(&["result", job]).expect_code(10);
        assert!(told.stderr.contains("no space: the answer needs "), "{}", told.stderr);
        assert!(served.at(format!("inbox/{job}/dataset.hes")).exists());
    }
    served.run(&["result", done[0]]).expect_code(0);
    // What is fetched and forgotten makes room for the others, which are computed then.
    for job in &done {
        served.run(&["forget", job]).expect_code(0);
    }
    for job in &refused {
        wait_until("an answer for which there is room now", || {
            assert!(stored(&served) <= MOST, "{}", stored(&served));
            has_totals(&served, job)
        });
    }
    served.run(&["result", refused[0]]).expect_code(0);
}

/// What was stored and removed by whatever command, also by the server itself, leaves as much room as there was.
#[test]
fn the_running_total_is_exact() {
    let mut served = TestServer::new(&["--max-disk", "3M"]);
    let mut client = Client::member(&served);
    let before = free(&mut client);
    for size in [0, 1, 4095, 4096, 4097, 700_000, 300_000, 5000] {
        assert_eq!(client.store("STOR file", &vec![7; size]), 226);
        assert_eq!((client.say("REST 0"), client.store("STOR file", &vec![7; size / 2])), (350, 226));
        assert_eq!(client.store("APPE file", &vec![7; size]), 226);
        assert_eq!(free(&mut client) + stored(&served), before, "{size}");
    }
    let mut broken = client.open("STOR broken").unwrap();
    std::io::Write::write_all(&mut broken, &vec![7; 300_001]).unwrap();
    // Without TLS' own end.
    drop(broken);
    client.reply();
    assert_eq!(client.store("STOR too-much", &vec![7; 5_000_000]), 552);
    assert_eq!(free(&mut client) + stored(&served), before);
    for command in ["MKD a", "MKD a/b", "RNFR file", "RNTO a/b/file", "RNFR a/b", "RNTO a/c", "DELE too-much"] {
        assert!(client.say(command) < 400, "{command}");
        // Nothing may come between RNFR and RNTO.
        if !command.starts_with("RNFR") {
            assert_eq!(free(&mut client) + stored(&served), before, "{command}");
        }
    }
    for command in ["MKD a", "RMD a", "DELE a/none", "RNFR a/none", "MKD x/y"] {
        assert!(client.say(command) >= 400, "{command}");
    }
    for command in ["DELE a/c/file", "RMD a/c", "RMD a", "DELE broken"] {
        assert_eq!(client.say(command), 250, "{command}");
    }
    assert_eq!((stored(&served), free(&mut client)), (0, before));
    served.does_a_job(300);
    assert_eq!(free(&mut client) + stored(&served), before, "with what was computed");
    drop(client);
    served.restart(&["--max-disk", "3M"]);
    let mut client = Client::member(&served);
    assert_eq!(free(&mut client) + stored(&served), before, "measured at the start");
}

/// The server's own total knows nothing of them until it has looked.
#[test]
fn what_others_store_and_remove_is_found_out() {
    let served = TestServer::new(&["--max-disk", "3M"]);
    let mut client = Client::member(&served);
    let before = free(&mut client);
    fs::create_dir(served.at("folder")).unwrap();
    fs::write(served.at("folder/other"), vec![7; 2_500_000]).unwrap();
    wait_until("more that is stored", || free(&mut client) + stored(&served) == before);
    assert_eq!(client.store("STOR file", &vec![7; 1_000_000]), 552);
    fs::remove_dir_all(served.at("folder")).unwrap();
    wait_until("less that is stored", || free(&mut client) + stored(&served) == before);
    assert_eq!(client.store("STOR file", &vec![7; 1_000_000]), 226);
}

/// Bytes that may still be stored, as the server says.
fn free(client: &mut Client) -> u64 {
    client.send(b"SITE HESTAT\r\n").unwrap();
    let reply = client.reply_text();
    reply.rsplit_once(" free=").unwrap_or_else(|| panic!("{reply}")).1.parse().unwrap()
}

/// Many clients at once: uploads that are whole, broken off, overwritten and removed.
#[test]
fn the_running_total_is_exact_whoever_comes_at_once() {
    let served = TestServer::new(&["--max-disk", "40M"]);
    let before = free(&mut Client::member(&served));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let served = &served;
            scope.spawn(move || {
                let mut client = Client::member(served);
                for round in 0..6_usize {
                    let name = format!("{}", (number + round) % 5);
                    let size = 100_000 * (round + 1) + number;
                    client.store(&format!("STOR {name}"), &vec![1; size]);
                    client.say(&format!("MKD folder{}", round % 3));
                    client.say(&format!("DELE {}", (number + 2 * round) % 5));
                    client.say(&format!("RMD folder{}", (round + number) % 3));
                }
            });
        }
    });
    // The last of them may not be over for the server when it is for the client.
    wait_until("the total", || free(&mut Client::member(&served)) + stored(&served) == before);
}
