//! Limits on threads and memory.

use crate::sandbox::{CommandOutput, Sandbox, UnprivilegedSandbox, small_table, wrapped};

/// Runs a command that wants sixteen threads under a limit of `prlimit`.
fn run_limited(limit: &str, sandbox: &Sandbox, arguments: &[&str]) -> CommandOutput {
    let mut command = wrapped(&["prlimit", limit], &sandbox.command(arguments));
    command.env("RAYON_NUM_THREADS", "16").output().unwrap().into()
}

#[test]
fn fewer_threads_are_used_if_sixteen_do_not_fit_into_memory() {
    let sandbox = Sandbox::with_table(&small_table(300));
    let job = sandbox.init_table();
    // The limit is on the address space, which includes the stacks and the arenas of glibc.
    run_limited("--as=256000000", &sandbox, &["compute"]).expect_code(0);
    assert!(sandbox.totals(job).exists());
    run_limited("--as=256000000", &sandbox, &["result"]).expect_code(0);
    run_limited("--as=256000000", &sandbox, &["init"]).expect_code(0);
}

#[test]
fn compute_without_threads_fails_and_counts_no_attempt() {
    let user = UnprivilegedSandbox::new(Sandbox::with_table(&small_table(300)));
    user.run(&["init"]).expect_code(0);
    for _ in 0..4 {
        // The limit does not apply to root.
        let mut limited = user.wrapped_command(&["prlimit", "--nproc=1"], &["compute"]);
        let output: CommandOutput = limited.output().unwrap().into();
        output.expect_code(8).says(&["cannot start compute threads"]);
        assert!(!user.sandbox.server().join(".hestat-attempts").exists());
    }
    let computed = user.run(&["compute"]).expect_code(0).stdout;
    assert!(computed.contains("computed"), "{computed}");
}
