//! Guessing passwords: it is slow, it is cut off soon, and it does not lock out other clients.

use std::thread;
use std::time::{Duration, Instant};

use super::client::{CLOSED, Client, OTHER_ADDRESS};
use crate::sandbox::TestServer;

fn guesser(served: &TestServer) -> Client {
    let mut client = Client::connected(served, OTHER_ADDRESS);
    assert_eq!(client.reply(), 220);
    client.secure();
    client
}

#[test]
fn guessing_is_slow_and_cut_off_while_honest_clients_continue() {
    let served = TestServer::new(&["--max-failed-logins", "4"]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            let mut client = guesser(&served);
            for (user, password) in [("hestat", "guess"), ("root", served.password().as_str()), ("hestat", "")] {
                assert_eq!(client.login(user, password), 530);
            }
            assert_eq!(client.command("NOOP"), CLOSED, "three failures end a connection");
            assert!(start.elapsed() > Duration::from_secs(3), "{:?}", start.elapsed());
            let mut client = guesser(&served);
            assert_eq!(client.login("hestat", "guess"), 530);
            assert_eq!(client.login("hestat", &served.password()), 530, "even the correct password is refused now");
            assert_eq!(Client::connected(&served, OTHER_ADDRESS).reply(), 421);
        });
        for _ in 0..8 {
            served.assert_reachable();
            thread::sleep(Duration::from_millis(500));
        }
    });
    assert_eq!(Client::connected(&served, OTHER_ADDRESS).reply(), 421);
    served.assert_reachable();
}

#[test]
fn many_connections_guess_no_faster_than_one() {
    let served = TestServer::new(&["--max-failed-logins", "3"]);
    let mut guessers: Vec<Client> = (0..30).map(|_| guesser(&served)).collect();
    let start = Instant::now();
    for client in &mut guessers {
        assert_eq!(client.command("USER hestat"), 331);
        client.send(b"PASS guess\r\n").unwrap();
    }
    assert!(guessers.iter_mut().all(|client| client.reply() == 530));
    assert!(start.elapsed() > Duration::from_secs(1));
    // All thirty are still connected, and even the correct password is refused.
    for client in &mut guessers {
        assert_eq!(client.command("USER hestat"), 331);
        client.send(format!("PASS {}\r\n", served.password()).as_bytes()).unwrap();
    }
    assert!(guessers.iter_mut().all(|client| client.reply() == 530));
    served.assert_reachable();
}
