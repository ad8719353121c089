//! What else a process leaves of the secrets in its memory.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// From now on this process leaves no core dump, not even to a handler of the system, and only root can attach a debugger to it
/// or read its memory.
///
/// A sandbox may refuse either request; the program works all the same.
pub fn disable() {
    let _limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
