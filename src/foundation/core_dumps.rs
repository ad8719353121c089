//! Keeps secrets in memory out of core dumps.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Disables core dumps of this process, including those piped to a system handler, and lets only root attach a debugger
/// or read its memory.
///
/// Both requests are best effort: a sandbox may refuse either.
pub fn disable() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
