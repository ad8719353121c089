//! Stopping and restarting a server that has clients, and running a second server or worker beside it.

use std::fs;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{CLOSED, Client};
use crate::sandbox::{CommandOutput, Sandbox, TestServer, path, wait_until};

/// The size of an upload that is interrupted in the middle.
const UPLOAD: usize = 8 << 20;

fn content() -> Vec<u8> {
    (0..UPLOAD).map(|index| (index * 31 / 7 + index / 4099) as u8).collect()
}

#[test]
fn a_server_with_clients_stops_before_any_timeout_and_their_uploads_go_on_later() {
    let mut served = TestServer::new(&[]);
    let content = content();
    let mut clients: Vec<Client> = (0..7).map(|_| Client::greeted(&served)).collect();
    clients.extend((0..7).map(|_| Client::secured(&served)));
    clients.extend((0..6).map(|_| Client::logged_in(&served)));
    let mut uploader = Client::logged_in(&served);
    let mut data = uploader.open("STOR upload.part").unwrap();
    data.write_all(&content[..UPLOAD / 2]).unwrap();
    wait_until("half of the upload", || served.at("upload.part").metadata().unwrap().len() == UPLOAD as u64 / 2);
    let start = Instant::now();
    assert_eq!(served.stop(), Some(0));
    eprintln!("stopped with 20 idle clients and an upload after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(clients.iter_mut().all(|client| (client.reply(), client.reply()) == (421, CLOSED)));
    assert_eq!((uploader.reply(), uploader.reply(), uploader.reply()), (426, 421, CLOSED));
    served.start_again(&[]);
    let mut client = Client::logged_in(&served);
    client.send(b"SIZE upload.part\r\n").unwrap();
    let stored: usize = client.reply_text().strip_prefix("213 ").unwrap().parse().unwrap();
    assert_eq!(stored, UPLOAD / 2);
    assert_eq!(
        (client.command(&format!("REST {stored}")), client.store("STOR upload.part", &content[stored..])),
        (350, 226)
    );
    assert!(fs::read(served.at("upload.part")).unwrap() == content);
    served.assert_reachable();
}

/// The honest client's own retries bridge the restart.
#[test]
fn a_job_survives_a_restart_during_its_upload() {
    let mut served = TestServer::new(&[]);
    let table = served.sandbox.file("table.csv");
    served.sandbox.succeed(["sample", "--rows", "60000", "--output", path(&table)]);
    let init = served.command(&served.sandbox, &["init", "--input", path(&table)]).spawn().unwrap();
    let uploading =
        || served.sandbox.inbox().iter().any(|job| served.at(format!("inbox/{job}/dataset.hes.part")).exists());
    wait_until("the beginning of an upload", uploading);
    served.restart(&[]);
    CommandOutput::from(init.wait_with_output().unwrap()).expect_code(0);
    served.run(&["result", "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
}

#[test]
fn only_one_server_can_use_a_port() {
    let served = TestServer::new(&[]);
    let other = Sandbox::new();
    let (data, address) = (other.server(), served.address().to_string());
    let second = ["serve", "--json", "--data", path(&data), "--server-state", "state", "--listen", &address];
    assert_eq!(other.run(second).expect_code(21).says(&[&address]).stdout, "");
    served.assert_reachable();
}

#[test]
fn hestat_compute_beside_the_server_does_no_harm() {
    let served = TestServer::new(&[]);
    thread::scope(|scope| {
        let jobs = scope.spawn(|| (0..4).for_each(|_| served.assert_runs_job(3000)));
        let data = served.at("");
        while !jobs.is_finished() {
            served.sandbox.succeed(["compute", "--data", path(&data)]);
        }
        jobs.join().unwrap();
    });
    assert!(served.sandbox.inbox().is_empty());
}
