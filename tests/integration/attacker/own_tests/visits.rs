//! Strangers say what they should, and hear when the server hangs up.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use super::super::callers::converse;
use super::super::echo::{Echo, PROTOCOL};
use super::super::strangers::{Stranger, client_hello, idle_connections, slow_loris};
use super::{Pair, guest};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_server_hangs_up_on_every_stranger() {
    let pair = Pair::new();
    for (number, stranger) in Stranger::ALL.into_iter().enumerate() {
        stranger.visit(pair.echo.address, PROTOCOL, PATIENCE).unwrap();
        assert!(guest(&pair.echo, number).heard.is_empty(), "{stranger:?}");
    }
    pair.client.converse(pair.echo.address, &[b"still there"]).unwrap();
}

#[test]
fn strangers_say_what_they_should() {
    let echo = Echo::plain();
    for (number, stranger) in Stranger::ALL.into_iter().enumerate() {
        let answer = stranger.visit(echo.address, PROTOCOL, PATIENCE).unwrap();
        assert_eq!(guest(&echo, number).heard, answer);
        // No two hellos are the same.
        let words = stranger.words(PROTOCOL);
        assert_eq!((answer.len(), answer.get(..6)), (words.len(), words.get(..6)), "{stranger:?}");
    }
    assert_eq!(Stranger::OversizedRecord.words(PROTOCOL)[..5], [22, 3, 3, 0xff, 0xff]);
}

#[test]
fn a_slow_loris_says_a_hello_until_the_server_hangs_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut heard = [0; 9];
        listener.accept().unwrap().0.read_exact(&mut heard).unwrap();
        heard
    });
    let dawdled = slow_loris(address, PROTOCOL, Duration::from_millis(20), PATIENCE);
    assert!(dawdled.hung_up && dawdled.said >= 9, "{dawdled:?}");
    assert!(dawdled.after >= Duration::from_millis(8 * 20), "{dawdled:?}");
    let (heard, hello) = (server.join().unwrap(), client_hello(PROTOCOL));
    assert_eq!(heard, hello[..9]);
}

#[test]
fn a_slow_loris_gives_up_where_nobody_minds() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let patience = Duration::from_millis(100);
    let dawdled = slow_loris(listener.local_addr().unwrap(), PROTOCOL, Duration::from_millis(10), patience);
    assert!(!dawdled.hung_up && dawdled.said < client_hello(PROTOCOL).len(), "{dawdled:?}");
}

#[test]
fn idle_connections_stay_and_say_nothing() {
    let echo = Echo::plain();
    let idle = idle_connections(echo.address, 40);
    assert_eq!(converse(echo.address, b"among them"), b"among them");
    assert_eq!(echo.guests().len(), 41);
    drop(idle);
    for number in 0..40 {
        assert!(guest(&echo, number).heard.is_empty());
    }
}
