//! Ten clients that upload at the same time.

use std::io::Write;
use std::thread;

use super::client::Client;
use crate::sandbox::{CommandOutput, Sandbox, TestServer, path};

#[test]
fn ten_concurrent_jobs_take_little_memory_and_are_exact() {
    let served = TestServer::new(&[]);
    let table = served.sandbox.file("table.csv");
    served.sandbox.succeed(["sample", "--rows", "100000", "--output", path(&table)]);
    let clients: Vec<Sandbox> = (0..10).map(|_| Sandbox::new()).collect();
    let run = |sandbox: &Sandbox, arguments: &[&str]| {
        CommandOutput::from(served.command(sandbox, arguments).output().unwrap()).expect_code(0);
    };
    thread::scope(|scope| {
        for sandbox in &clients {
            scope.spawn(|| run(sandbox, &["init", "--input", path(&table)]));
        }
    });
    let memory = served.process().peak_memory();
    eprintln!("ten uploads at once: at most {memory} kB");
    for sandbox in &clients {
        run(sandbox, &["result", "--wait", "--timeout", "60", "--check", path(&table)]);
    }
    let memory = served.process().peak_memory();
    eprintln!("including computation: at most {memory} kB");
    assert!(memory < 256_000_000 / 1024, "{memory} kB");
}

/// All ten are certainly in the middle of an upload at the same time.
#[test]
fn ten_uploads_in_progress_take_little_memory() {
    let served = TestServer::new(&[]);
    let mut clients: Vec<Client> = (0..10).map(|_| Client::logged_in(&served)).collect();
    let open = |(number, client): (usize, &mut Client)| client.open(&format!("STOR {number}.part")).unwrap();
    let mut uploads: Vec<_> = clients.iter_mut().enumerate().map(open).collect();
    for round in 0..16 {
        for upload in &mut uploads {
            upload.write_all(&vec![round; 1 << 20]).unwrap();
        }
    }
    let memory = served.process().peak_memory();
    eprintln!("ten uploads under way: at most {memory} kB");
    assert!(memory < 64 << 10, "{memory} kB");
    for (upload, client) in uploads.into_iter().zip(&mut clients) {
        upload.finish().unwrap();
        assert_eq!(client.reply(), 226);
    }
    let expected: Vec<u8> = (0..16).flat_map(|round| vec![round; 1 << 20]).collect();
    assert!((0..10).all(|number| std::fs::read(served.at(format!("{number}.part"))).unwrap() == expected));
}
