//! An FTP server that lies, stalls, floods and breaks off: the client ends in time, in little memory, with a clear
//! error, and neither a password nor a bit of the key has left it.

mod answers;
mod data;
mod files;
mod greetings;
mod manner;
mod passive;
mod peer;
mod session;
mod sizes;
mod stage;
mod steps;
mod stinginess;
mod strangers;
mod transfers;
mod watched;
mod wire;

use std::sync::Mutex;
use std::thread;

/// Threads that try cases: most of their time is waiting.
const AT_ONCE: usize = 8;

/// Tries all cases, several at a time, each thread in a place of its own.
fn try_all<C: Send, P>(cases: Vec<C>, place: impl Fn() -> P + Sync, tried: impl Fn(&P, C) + Sync) {
    let waiting = Mutex::new(cases);
    let work = || {
        let place = place();
        while let Some(case) = { waiting.lock().unwrap().pop() } {
            tried(&place, case);
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
}

/// Insists on one of these codes, and on words that say what is wrong.
#[track_caller]
fn assert_refused(what: &str, ended: &crate::sandbox::CommandOutput, codes: &[i32]) {
    assert!(ended.code.is_some_and(|code| codes.contains(&code)), "{what}: not one of {codes:?}: {ended:?}");
    assert!(ended.stderr.contains("error: "), "{what}: {ended:?}");
}
