//! A server that hands out other answers than the job's: nothing of them is shown, and nothing is learnt of the key.

use std::fs;

use super::assert_refused;
use super::manner::{Answer, Manner, say};
use super::stage::{Act, Stage};
use super::watched::watch;

/// While the peer gives other bytes for the totals.
fn with_totals(bytes: Vec<u8>) -> Manner {
    Manner::tricky(move |line| {
        let asked = line.starts_with("RETR") && line.ends_with("totals.hes");
        if asked { Answer::Data { bytes: bytes.clone(), endless: Vec::new() } } else { Answer::Honest }
    })
}

/// Another job of the same table on the same peer, computed; its name.
fn other_job(act: &Act) -> String {
    let told = act.stage.init("another job").expect_code(0).json();
    act.stage.sandbox.run(["compute", "--keep", "--data", act.stage.sandbox.server().to_str().unwrap()]).expect_code(0);
    told["job"].as_str().unwrap().to_owned()
}

/// The totals of another job of the very same table, older or newer, are not this job's.
#[test]
fn swapped_and_stale_totals_are_refused() {
    let act = Act::new();
    let other = other_job(&act);
    let swapped = |from: String, to: String| {
        Manner::tricky(
            move |line| if line.contains(&from) { Answer::Instead(line.replace(&from, &to)) } else { Answer::Honest },
        )
    };
    let ended = act.answered("another job's totals", swapped(act.job.clone(), other.clone()));
    assert_refused("another job's totals", &ended, &[7]);
    assert_eq!(ended.stdout, "");
    act.assert_unspoilt("another job's totals");
    act.forget_answers();
    act.stage.peer.set_manner(swapped(other.clone(), act.job.clone()));
    let ended = act.stage.result("stale totals", &other);
    assert_refused("stale totals", &ended, &[7]);
    assert_eq!((ended.stdout.as_str(), act.results()), ("", None));
}

#[test]
fn altered_totals_are_damaged_and_spoil_nothing() {
    let act = Act::new();
    let honest = fs::read(act.file("outbox", "totals.hes")).unwrap();
    for at in [0, 8, 40, honest.len() / 2, honest.len() - 1] {
        let what = format!("byte {at}");
        let mut altered = honest.clone();
        altered[at] ^= 0x10;
        let ended = act.answered(&what, with_totals(altered));
        assert_refused(&what, &ended, &[9]);
        assert_eq!((ended.stdout.as_str(), act.results()), ("", None));
        act.assert_unspoilt(&what);
    }
}

/// Well-formed files with right digests, but of another kind: the dataset itself.
#[test]
fn the_dataset_instead_of_the_totals_is_refused() {
    let act = Act::new();
    let dataset = fs::read(act.file("inbox", "dataset.hes")).unwrap();
    let ended = act.answered("the dataset", with_totals(dataset));
    assert_refused("the dataset", &ended, &[7]);
    act.assert_unspoilt("the dataset");
}

/// Even after the honest answer was taken, another one is refused.
#[test]
fn one_job_has_one_answer() {
    let act = Act::new();
    let other = other_job(&act);
    let others = fs::read(act.file("outbox", "totals.hes").to_str().unwrap().replace(&act.job, &other)).unwrap();
    act.answered("honest", Manner::honest()).expect_code(0);
    fs::remove_file(act.stage.sandbox.file("out.csv")).unwrap();
    act.stage.peer.set_manner(with_totals(others));
    let ended = act.stage.result("a second answer", &act.job);
    assert_refused("a second answer", &ended, &[7]);
    act.assert_unspoilt("a second answer");
}

/// The connection is closed before the key is read, or anything is judged or computed: so neither the verdict nor the time
/// that it takes can be seen from the server. Here the key vanishes while the client takes its leave.
#[test]
fn the_connection_is_closed_before_the_key_is_read() {
    let act = Act::new();
    let secrets = act.stage.sandbox.state().join("jobs").join(&act.job).join("secrets.hes");
    let (away, taken) = (secrets.with_extension("away"), secrets.clone());
    let manner = Manner::tricky(move |line| {
        if line.starts_with("QUIT") {
            fs::rename(&taken, secrets.with_extension("away")).unwrap();
        }
        Answer::Honest
    });
    let ended = act.answered("a key that vanishes", manner);
    assert_refused("a key that vanishes", &ended, &[5]);
    fs::rename(&away, away.with_extension("hes")).unwrap();
    act.assert_unspoilt("a key that vanishes");
}

/// `hestat run` keeps nothing, so it promises nothing; the server's files are removed before the answer is looked at.
#[test]
fn a_false_answer_to_run_leaves_nothing_to_go_on_with() {
    let stage = Stage::new(Manner::tricky(|line| match line {
        _ if line.starts_with("SIZE") && line.ends_with("totals.hes") => say("213 100"),
        _ if line.starts_with("RETR") => Answer::Data { bytes: vec![7; 100], endless: Vec::new() },
        _ => Answer::Honest,
    }));
    let run = ["run", "--input", "table.csv", "--server", &stage.url(), "--output", "out.csv"];
    let ended = watch("run", &mut stage.command(&run));
    assert_refused("run", &ended, &[7, 9]);
    let ended = ended.says(&["Nothing of this run was kept, here or on the server. Run the command again."]);
    assert!(!ended.stderr.contains("hestat result") && !stage.has_dataset() && stage.sandbox.jobs().is_empty());
    assert!(!stage.sandbox.file("out.csv").exists());
}
