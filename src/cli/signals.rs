//! Signals that ask the process to stop: SIGINT, SIGTERM and SIGHUP.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_default, register_conditional_shutdown};

use crate::foundation::observer::{Cancel, CancelFlag, Cancelled};

/// The exit code after a second signal.
const STOPPED: i32 = 130;

/// The handlers of this process, and whether a signal has arrived.
#[derive(Debug)]
pub(super) struct Signals {
    installed: Once,
    /// Whether signals have their default action, which is to end the process.
    use_default: Arc<AtomicBool>,
    received: Arc<AtomicBool>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { installed: Once::new(), use_default: Arc::new(true.into()), received: Arc::default() }
    }
}

impl Signals {
    /// From now on, signals are recorded and do not end the process.
    pub(super) fn handle(&self) {
        self.installed.call_once(|| self.install());
        self.use_default.store(false, Ordering::SeqCst);
    }

    /// Records signals while `work` runs.
    pub(super) fn handle_during<T>(&self, work: impl FnOnce() -> T) -> T {
        let use_default = self.use_default.load(Ordering::SeqCst);
        self.handle();
        let outcome = work();
        self.use_default.store(use_default, Ordering::SeqCst);
        outcome
    }

    /// Fails once a signal has been recorded.
    pub(super) fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.cancel_flag().check_cancelled()
    }

    /// Returns the flag that is set once a signal has been recorded.
    pub(super) fn cancel_flag(&self) -> CancelFlag {
        Arc::clone(&self.received).into()
    }

    /// Installs the handlers. A second SIGINT or SIGTERM ends the process at once. A second SIGHUP does not: when a
    /// terminal closes, the kernel and the shell each send one. SIGHUP stays ignored if it was (nohup).
    fn install(&self) {
        // If a handler cannot be installed, the signal ends the process, which is safe at every step.
        for signal in [SIGINT, SIGTERM] {
            let _ = register_conditional_shutdown(signal, STOPPED, Arc::clone(&self.received));
            self.register(signal);
        }
        if fs::read_to_string("/proc/self/status").is_ok_and(|status| !ignores(&status, SIGHUP)) {
            self.register(SIGHUP);
        }
    }

    fn register(&self, signal: i32) {
        let _ = register_conditional_default(signal, Arc::clone(&self.use_default));
        let _ = register(signal, Arc::clone(&self.received));
    }
}

/// Whether a process with this `/proc/PID/status` (proc(5)) ignores a signal.
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
