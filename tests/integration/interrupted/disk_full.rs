//! Full disks: an error message, no incomplete file under a final name, and the work continues once there is space.

use std::fs;
use std::path::Path;

use super::small_disk::{SmallDisk, run_limited};
use crate::sandbox::{CommandOutput, ComputedJob, Sandbox, TestServer, entries, files_below, path, small_table};

const MEBIBYTE: u64 = 1 << 20;

/// A sandbox whose dataset has 2.3 million bytes of ciphertext.
fn large_sandbox() -> Sandbox {
    Sandbox::with_table(&small_table(40_000))
}

/// Mounts a disk with one mebibyte of free space in the sandbox.
fn mount_disk(sandbox: &Sandbox) -> SmallDisk {
    let directory = sandbox.file("disk");
    fs::create_dir(&directory).unwrap();
    SmallDisk::mount(&directory, MEBIBYTE)
}

#[track_caller]
fn assert_failed(output: CommandOutput, code: i32, message: &str) {
    assert_eq!(output.expect_code(code).says(&[message]).stdout, "");
}

/// Limits on file sizes need no privileges, so this test runs everywhere.
#[test]
fn a_spool_that_cannot_grow_ends_init_and_leaves_nothing() {
    let sandbox = large_sandbox();
    for blocks in [0, 1, 500, 2000] {
        assert_failed(run_limited(&sandbox, blocks, &["init"]), 8, "File too large");
        assert!(sandbox.state().join("jobs").is_dir());
        assert_eq!(sandbox.jobs(), [""; 0]);
        assert_eq!(entries(&sandbox.server()), [""; 0]);
    }
    sandbox.init_table();
    sandbox.succeed(["compute"]);
    sandbox.succeed(["result"]);
}

#[test]
#[ignore = "mounts a file system"]
fn a_full_disk_of_the_client_is_reported_before_encryption() {
    let sandbox = large_sandbox();
    let disk = mount_disk(&sandbox);
    let state = disk.path().join("client");
    let init = ["init", "--state", path(&state)];
    assert_failed(sandbox.run(init), 8, "bytes free, but");
    assert!(state.join("jobs").is_dir());
    assert_eq!(entries(&state.join("jobs")), [""; 0]);
    disk.free_space();
    sandbox.succeed(init);
    sandbox.succeed(["compute"]);
    sandbox.succeed(["result", "--state", path(&state)]);
}

#[test]
#[ignore = "mounts a file system"]
fn an_upload_to_a_full_disk_can_be_resumed() {
    let sandbox = large_sandbox();
    let expected = sandbox.expected_results();
    let disk = mount_disk(&sandbox);
    let data = path(disk.path());
    assert_failed(sandbox.run(["init", "--server", &format!("file://{data}")]), 18, "the server's disk is full");
    let job = sandbox.newest_job();
    assert!(!disk.path().join(format!("inbox/{job}/dataset.hes")).exists());
    assert_failed(sandbox.run(["result"]), 4, "its upload was interrupted");
    disk.free_space();
    sandbox.succeed(["init", "--resume", &job.to_string()]);
    sandbox.succeed(["compute", "--data", data]);
    sandbox.succeed(["result"]);
    assert!(fs::read(sandbox.results()).unwrap() == expected);
}

#[test]
fn an_upload_that_cannot_grow_can_be_resumed() {
    let sandbox = large_sandbox();
    let expected = sandbox.expected_results();
    // The first upload fails after the dataset was spooled.
    let inbox = sandbox.server().join("inbox");
    fs::write(&inbox, "in the way").unwrap();
    sandbox.run(["init"]).expect_code(6);
    fs::remove_file(inbox).unwrap();
    let job = sandbox.newest_job();
    let resume = ["init", "--resume", &job.to_string()];
    assert_failed(run_limited(&sandbox, 500, &resume), 6, "File too large");
    assert!(!sandbox.dataset(job).exists());
    sandbox.succeed(resume);
    sandbox.succeed(["compute"]);
    sandbox.succeed(["result"]);
    assert!(fs::read(sandbox.results()).unwrap() == expected);
}

#[test]
fn totals_and_results_that_cannot_be_written_are_written_later() {
    let job = ComputedJob::new(large_sandbox());
    let sandbox = &job.sandbox;
    fs::remove_file(sandbox.totals(job.id)).unwrap();
    let compute = run_limited(sandbox, 1, &["compute"]).expect_code(10);
    assert!(compute.stdout.contains("File too large"), "{compute:?}");
    assert!(!sandbox.totals(job.id).exists() && sandbox.dataset(job.id).exists());
    assert_failed(sandbox.run(["result"]), 10, "File too large");
    sandbox.succeed(["compute"]);
    for blocks in [0, 1, 2, 8, 64] {
        let result = run_limited(sandbox, blocks, &["result"]);
        if result.code != Some(0) {
            assert_failed(result, 8, "File too large");
            assert!(!sandbox.results().exists());
        }
    }
    run_limited(sandbox, 0, &["result"]).expect_code(8);
    sandbox.succeed(["result"]);
    assert!(fs::read(sandbox.results()).unwrap() == job.results);
}

/// Totals of few rows are larger than the dataset. They are not computed if they cannot be stored.
#[test]
#[ignore = "mounts a file system"]
fn totals_that_do_not_fit_are_not_computed() {
    let sandbox = Sandbox::with_table("a,b\n1,2\n");
    let disk = mount_disk(&sandbox);
    sandbox.succeed(["init", "--server", &format!("file://{}", disk.path().display())]);
    let filler: &Path = &disk.path().join("filler");
    fs::write(filler, vec![1; 1_010_000]).unwrap();
    let compute = ["compute", "--data", path(disk.path())];
    for _ in 0..4 {
        let output = sandbox.run(compute).expect_code(10);
        assert!(output.stdout.contains("no space: the totals need "), "{output:?}");
    }
    sandbox.run(["result"]).expect_code(10).says(&["no space: the totals need "]);
    fs::remove_file(filler).unwrap();
    sandbox.succeed(compute);
    sandbox.succeed(["result"]);
}

/// Clients of a running server can delete files and so make space.
#[test]
#[ignore = "mounts a file system"]
fn a_server_starts_on_a_disk_without_free_inodes() {
    let sandbox = Sandbox::new();
    let disk = SmallDisk::mount_without_inodes(&sandbox.server());
    let served = TestServer::start(sandbox.with_server(disk.path()), &[]);
    served.run(&["ping"]).expect_code(18).says(&["the server's disk is full"]);
    for file in files_below(disk.path()) {
        fs::remove_file(file).unwrap();
    }
    served.assert_reachable();
}
