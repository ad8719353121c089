//! More connections than there is room for: those who know the password get in.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::client::{CLOSED, Client, ELSEWHERE};
use crate::sandbox::{TestServer, open_files};

/// Connections that only sit there.
const CROWD: usize = 2000;

/// As many open files as most systems allow a server that has not asked for more.
const USUAL_FILES: u64 = 1024;

/// Lets this process have the files open that the crowd needs; how many of the crowd there can be.
fn make_room() -> usize {
    open_files().saturating_sub(200).min(CROWD)
}

/// One of the crowd: most say nothing, some get as far as TLS or wait within it.
fn idler(served: &TestServer, number: usize) -> Client {
    let mut client = Client::silent(served, Ipv4Addr::LOCALHOST.into());
    // It may have to give way to the next one at any moment.
    match number % 10 {
        0 if client.reply() == 220 => client.secure(),
        1 if client.reply() == 220 => drop(client.say("AUTH TLS")),
        _ => {}
    }
    client
}

#[test]
fn two_thousand_idle_connections_keep_nobody_out() {
    let served = TestServer::new(&[]);
    served.process().limit_files(USUAL_FILES);
    served.greets();
    let crowd: Vec<Client> = (0..make_room()).map(|number| idler(&served, number)).collect();
    let (threads, memory) = (served.process().threads(), served.process().peak_memory());
    eprintln!("{} idle connections: {threads} threads, at most {memory} kB", crowd.len());
    assert!(threads < 300 && memory < 64 << 10, "{threads} threads, {memory} kB");
    served.greets();
    served.does_a_job(100);
    drop(crowd);
    served.greets();
}

#[test]
fn whoever_gives_way_is_told_so() {
    let served = TestServer::new(&["--max-connections", "2"]);
    let (mut plain, mut secured) = (Client::greeted(&served), Client::secured(&served));
    let mut crowd: Vec<Client> = (0..2).map(|_| Client::greeted(&served)).collect();
    assert_eq!((plain.reply(), plain.reply()), (421, CLOSED));
    assert_eq!((secured.reply(), secured.reply()), (421, CLOSED));
    assert!(crowd.iter_mut().all(|client| client.say("NOOP") == 200));
}

/// A crowd that does not sit there but pushes in again and again.
#[test]
fn a_rush_keeps_nobody_out() {
    let served = TestServer::new(&["--max-connections", "16"]);
    let (over, came) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut crowd = VecDeque::new();
                while !over.load(Ordering::Relaxed) {
                    crowd.push_back(Client::silent(&served, ELSEWHERE));
                    came.fetch_add(1, Ordering::Relaxed);
                    if crowd.len() > 100 {
                        crowd.pop_front();
                    }
                }
            });
        }
        let start = Instant::now();
        let pings: Vec<_> = (0..10).map(|_| served.run(&["ping"])).collect();
        over.store(true, Ordering::Relaxed);
        eprintln!("{came:?} connections came in the rush, in {:?}", start.elapsed());
        for ping in pings {
            ping.expect_code(0);
        }
    });
}
