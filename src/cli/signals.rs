//! Signals that ask a process for its end.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// How a process ends that is asked for its end while it is ending.
const STOPPED: i32 = 130;

/// From now on, they set `stop`. Who asks a second time gets the end at once; of the end of the terminal, though, the kernel and
/// the shell tell one after the other. Where that is to be ignored, as nohup has it, it is.
pub(super) fn hear(stop: &Arc<AtomicBool>) {
    // Without a handler the signal simply ends the process, which every step survives.
    for signal in [SIGINT, SIGTERM] {
        let conditional = register_conditional_shutdown(signal, STOPPED, Arc::clone(stop));
        drop(conditional.and_then(|_| register(signal, Arc::clone(stop))));
    }
    if fs::read_to_string("/proc/self/status").is_ok_and(|status| !ignores(&status, SIGHUP)) {
        drop(register(SIGHUP, Arc::clone(stop)));
    }
}

/// Whether the process with this status (proc(5)) ignores a signal.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_those_in_the_mask() {
        let status = "Name:\thestat\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        assert!(ignores(status, SIGHUP) && ignores(status, 13));
        assert!(!ignores(status, SIGINT) && !ignores("", SIGHUP));
    }
}
