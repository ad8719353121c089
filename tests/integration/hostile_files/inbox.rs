//! Unexpected files and directories in a server's inbox and outbox.

use std::fs;
use std::os::unix::fs::symlink;

use hestat::package::JobId;

use crate::sandbox::{ComputedJob, snapshot};

#[test]
fn unexpected_entries_are_neither_computed_nor_touched() {
    let ComputedJob { sandbox, id: job, dataset, totals, .. } = ComputedJob::small(300);
    let inbox = sandbox.server().join("inbox");
    let uploaded = fs::read(sandbox.dataset(job)).unwrap();
    fs::remove_dir_all(sandbox.server()).unwrap();
    fs::create_dir_all(&inbox).unwrap();
    let name = |number: u8| JobId::from_bytes([number; 16]).to_string();
    let outside = sandbox.root().join("outside.hes");
    fs::write(&outside, &dataset).unwrap();

    fs::write(inbox.join("README"), "a file among directories").unwrap();
    fs::write(inbox.join(name(1)), "a file named like a job").unwrap();
    fs::create_dir(inbox.join("not-a-job")).unwrap();
    fs::write(inbox.join("not-a-job/dataset.hes"), &dataset).unwrap();
    fs::create_dir(inbox.join(job.to_string().to_uppercase())).unwrap();
    fs::write(inbox.join(job.to_string().to_uppercase()).join("dataset.hes"), &dataset).unwrap();
    fs::create_dir_all(inbox.join(name(2)).join("dataset.hes")).unwrap();
    fs::create_dir(inbox.join(name(3))).unwrap();
    symlink(&outside, inbox.join(name(3)).join("dataset.hes")).unwrap();
    fs::create_dir(inbox.join(name(4))).unwrap();
    fs::write(inbox.join(name(4)).join("dataset.hes.part"), &dataset).unwrap();
    fs::create_dir(inbox.join(name(5))).unwrap();
    symlink("/", inbox.join("link")).unwrap();
    symlink(inbox.join(name(5)), inbox.join(name(6))).unwrap();
    let before = snapshot(&inbox);

    assert!(sandbox.succeed(["compute"]).stdout.starts_with("nothing to compute"));
    assert_eq!(snapshot(&inbox), before);
    assert!(!sandbox.server().join("outbox").exists());

    fs::create_dir(inbox.join(job.to_string())).unwrap();
    fs::write(sandbox.dataset(job), uploaded).unwrap();
    sandbox.succeed(["compute"]);
    assert!(fs::read(sandbox.totals(job)).unwrap() == totals);
    assert_eq!(snapshot(&inbox), before, "compute changed more than the valid dataset");
    assert!(fs::read(&outside).unwrap() == dataset, "the target of a symbolic link was changed");
}

#[test]
fn empty_datasets_and_datasets_of_another_job_do_not_affect_other_jobs() {
    let ComputedJob { sandbox, id: job, dataset, totals, .. } = ComputedJob::small(300);
    let (empty, stolen) = (JobId::from_bytes([1; 16]), JobId::from_bytes([2; 16]));
    for (other, bytes) in [(empty, [].as_slice()), (stolen, &dataset)] {
        fs::create_dir(sandbox.dataset(other).parent().unwrap()).unwrap();
        fs::write(sandbox.dataset(other), bytes).unwrap();
    }
    fs::remove_file(sandbox.totals(job)).unwrap();
    let output = sandbox.run(["compute"]);
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(output.stdout.contains(&format!("job {stolen} failed: ")), "{output:?}");
    assert!(output.stdout.contains(&format!("dataset belongs to job {job}")), "{output:?}");
    assert!(output.stdout.contains(&format!("job {empty} failed: ")), "{output:?}");
    assert!(output.stdout.contains(&format!("job {job} computed")), "{output:?}");
    assert!(fs::read(sandbox.totals(job)).unwrap() == totals);
    for failed in [empty, stolen] {
        assert!(sandbox.dataset(failed).exists(), "the failed dataset of job {failed} was deleted");
    }
}

#[test]
fn an_unexpected_file_in_the_outbox_does_not_affect_other_jobs() {
    let ComputedJob { sandbox, id: job, totals, .. } = ComputedJob::small(300);
    let other = sandbox.init_table();
    fs::remove_dir_all(sandbox.server().join("outbox")).unwrap();
    fs::create_dir(sandbox.server().join("outbox")).unwrap();
    fs::write(sandbox.server().join(format!("outbox/{other}")), "a file where a directory should be").unwrap();
    let output = sandbox.run(["compute"]);
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(fs::read(sandbox.totals(job)).unwrap() == totals);
}
