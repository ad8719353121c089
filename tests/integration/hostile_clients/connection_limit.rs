//! More connections than the server allows: clients that know the password still get in.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::client::{CLOSED, Client, OTHER_ADDRESS};
use crate::sandbox::{TestServer, raise_open_file_limit};

/// The number of idle connections.
const IDLE_CONNECTIONS: usize = 2000;

/// The usual limit of open files for a server that has not raised it.
const USUAL_FILES: u64 = 1024;

/// Raises this process's limit of open files. Returns how many connections it can open.
fn connection_capacity() -> usize {
    raise_open_file_limit().saturating_sub(200).min(IDLE_CONNECTIONS)
}

/// One idle connection: most send nothing, some start TLS or stop within its handshake.
fn idle_client(served: &TestServer, number: usize) -> Client {
    let mut client = Client::connected(served, Ipv4Addr::LOCALHOST.into());
    // The server may evict it for a newer connection at any moment.
    match number % 10 {
        0 if client.reply() == 220 => client.secure(),
        1 if client.reply() == 220 => {
            client.command("AUTH TLS");
        }
        _ => {}
    }
    client
}

#[test]
fn two_thousand_idle_connections_do_not_lock_out_clients() {
    let served = TestServer::new(&[]);
    served.process().limit_files(USUAL_FILES);
    served.assert_reachable();
    let clients: Vec<Client> = (0..connection_capacity()).map(|number| idle_client(&served, number)).collect();
    let (threads, memory) = (served.process().threads(), served.process().peak_memory());
    eprintln!("{} idle connections: {threads} threads, at most {memory} kB", clients.len());
    assert!(threads < 300 && memory < 64 << 10, "{threads} threads, {memory} kB");
    served.assert_reachable();
    served.assert_runs_job(100);
    drop(clients);
    served.assert_reachable();
}

#[test]
fn an_evicted_client_gets_a_reply() {
    let served = TestServer::new(&["--max-connections", "2"]);
    let (mut plain, mut secured) = (Client::greeted(&served), Client::secured(&served));
    let mut clients: Vec<Client> = (0..2).map(|_| Client::greeted(&served)).collect();
    assert_eq!((plain.reply(), plain.reply()), (421, CLOSED));
    assert_eq!((secured.reply(), secured.reply()), (421, CLOSED));
    assert!(clients.iter_mut().all(|client| client.command("NOOP") == 200));
}

/// Connections that do not stay idle but reconnect continuously.
#[test]
fn a_flood_of_connections_does_not_lock_out_clients() {
    let served = TestServer::new(&["--max-connections", "16"]);
    let (stopped, connected) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut clients = VecDeque::new();
                while !stopped.load(Ordering::Relaxed) {
                    clients.push_back(Client::connected(&served, OTHER_ADDRESS));
                    connected.fetch_add(1, Ordering::Relaxed);
                    if clients.len() > 100 {
                        clients.pop_front();
                    }
                }
            });
        }
        let start = Instant::now();
        let pings: Vec<_> = (0..10).map(|_| served.run(&["ping"])).collect();
        stopped.store(true, Ordering::Relaxed);
        eprintln!("{connected:?} connections in {:?}", start.elapsed());
        for ping in pings {
            ping.expect_code(0);
        }
    });
}
