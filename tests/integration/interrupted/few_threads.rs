//! Systems that give a process few threads or little memory.

use std::process::Command;

use crate::site::{PROGRAM, Ran, Site, small_table};

/// The program with so many threads asked for, under a limit of `prlimit`.
fn run_under(limit: &str, site: &Site, arguments: &[&str]) -> Ran {
    let mut command = Command::new("prlimit");
    site.tell_where(&mut command);
    Ran::of(command.args([limit, PROGRAM]).args(arguments).env("RAYON_NUM_THREADS", "16"))
}

#[test]
fn sixteen_threads_that_do_not_fit_into_memory_are_fewer() {
    let site = Site::new(&small_table(300));
    let job = site.init();
    // Address space: the stacks count, and glibc's arenas.
    run_under("--as=256000000", &site, &["compute"]).done();
    assert!(site.totals(job).exists());
    run_under("--as=256000000", &site, &["result"]).done();
    run_under("--as=256000000", &site, &["init"]).done();
}

#[test]
fn without_any_thread_the_reason_is_told_and_no_attempt_counted() {
    let site = Site::new(&small_table(300));
    let job = site.init();
    for _ in 0..4 {
        let ran = run_under("--as=24000000", &site, &["compute"]);
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        assert!(!site.data().join(".hestat-attempts").exists());
    }
    site.run(["compute"]).done();
    assert!(site.totals(job).exists());
}
