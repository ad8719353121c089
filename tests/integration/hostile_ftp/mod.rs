//! An FTP server that lies, stalls, floods and disconnects: the client ends in time, with little memory and a clear
//! error, and reveals neither the password nor any bit of the key.

mod authentication;
mod behavior;
mod data;
mod files;
mod fixture;
mod greetings;
mod monitor;
mod passive;
mod server;
mod session;
mod sizes;
mod steps;
mod stream;
mod transfers;
mod trickling;
mod wrong_totals;

use std::sync::Mutex;
use std::thread;

/// Threads that run cases; they wait most of the time.
const AT_ONCE: usize = 8;

/// Runs all cases, several at a time. Each thread has its own environment, made by `set_up`.
fn try_all<C: Send, E>(cases: Vec<C>, set_up: impl Fn() -> E + Sync, check: impl Fn(&E, C) + Sync) {
    let waiting = Mutex::new(cases);
    let work = || {
        let environment = set_up();
        while let Some(case) = { waiting.lock().unwrap().pop() } {
            check(&environment, case);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
}

/// Asserts that the command failed with one of these codes and an error message.
#[track_caller]
fn assert_refused(case: &str, output: &crate::sandbox::CommandOutput, codes: &[i32]) {
    assert!(output.code.is_some_and(|code| codes.contains(&code)), "{case}: not one of {codes:?}: {output:?}");
    assert!(output.stderr.contains("error: "), "{case}: {output:?}");
}
