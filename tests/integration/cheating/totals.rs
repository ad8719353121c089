//! Forged totals are refused, always with the same message, and leave the job unchanged.

use std::fmt::Write as _;
use std::fs;

use hestat::he::parameters::{DELTA_BITS, SEGMENT_ROWS};
use hestat::he::{Decryptor, LaneTotals};
use hestat::keystore::Phase;

use super::forger::{Forger, Segments};
use crate::sandbox::{CommandOutput, ComputedJob, Sandbox};

fn job() -> ComputedJob {
    ComputedJob::small(2000)
}

/// Runs `hestat result` with these options. It must refuse the totals and leave the job in this phase. Returns the error
/// message.
#[track_caller]
fn refusal(job: &ComputedJob, options: &[&str], phase: Phase, case: &str) -> String {
    let CommandOutput { code, stdout, stderr } = job.sandbox.run(["result"].iter().chain(options));
    assert_eq!((code, stdout.as_str()), (Some(7), ""), "{case}: {stderr}");
    assert!(stderr.contains("is not the sum of what was uploaded"), "{case}: {stderr}");
    assert!(!job.sandbox.results().exists(), "{case}: a result file was written");
    assert_eq!(job.sandbox.phase(job.id), phase, "{case}");
    stderr
}

/// Runs `hestat result` with the correct totals on the server.
#[track_caller]
fn assert_accepted(job: &ComputedJob, case: &str) {
    job.set_totals(&job.totals);
    job.sandbox.succeed(["result"]);
    assert!(fs::read(job.sandbox.results()).unwrap() == job.results, "{case}: the results are wrong");
}

/// Asserts that a job that has received no totals yet refuses these, with any options, and accepts the correct totals
/// afterwards. Returns the error message.
fn assert_refused(job: &ComputedJob, case: &str, totals: &[u8]) -> String {
    job.reset();
    job.set_totals(totals);
    let message = refusal(job, &[], Phase::Uploaded, case);
    refusal(job, &["--json", "--wait"], Phase::Uploaded, case);
    assert_accepted(job, case);
    message
}

/// Asserts that all are refused with one message, which therefore does not tell how they were forged. Returns it.
fn assert_all_refused(job: &ComputedJob, cases: &[(&str, Vec<u8>)]) -> String {
    let messages: Vec<String> = cases.iter().map(|(case, totals)| assert_refused(job, case, totals)).collect();
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
    messages[0].clone()
}

/// The message with `JOB` instead of the job ID.
fn without_job_id(message: &str, job: &ComputedJob) -> String {
    message.replace(&job.id.to_string(), "JOB")
}

#[test]
fn forged_totals_are_refused_and_change_nothing() {
    let (job, other) = (job(), job());
    let (forger, other_forger) = (Forger::new(&job), Forger::new(&other));
    let delta = 1_u64 << DELTA_BITS;
    let cases = [
        ("a mask that extracts the key", forger.key_extracting()),
        ("the smallest possible change", forger.changed(|totals| add_to(&mut totals[0][0].body[0], 1))),
        ("one more in a total", forger.changed(|totals| add_to(&mut totals[0][0].body[3], delta))),
        (
            "one less in the first total",
            forger.changed(|totals| add_to(&mut totals[0][0].body[0], delta.wrapping_neg())),
        ),
        ("three quarters of a unit more", forger.changed(|totals| add_to(&mut totals[0][0].body[6], delta / 4 * 3))),
        (
            "units in a mask",
            forger.changed(|totals| totals[0][0].mask.iter_mut().step_by(99).for_each(|word| add_to(word, delta))),
        ),
        ("two totals swapped", forger.changed(|totals| totals[0][0].body.swap(0, 1))),
        ("all totals doubled", forger.changed(|totals| scale(&mut totals[0][0], 2))),
        ("all totals zero", forger.changed(|totals| scale(&mut totals[0][0], 0))),
        // As if the rows of a block were folded onto the wrong coefficients (docs/PARAMETERS.md).
        ("the wrong fold", forger.changed(|totals| totals[0][0].mask.rotate_left(7))),
        ("a block dropped", forger.of_changed_blocks(|blocks| _ = blocks.remove(1))),
        ("a block doubled", forger.of_changed_blocks(|blocks| blocks.push(blocks[1].clone()))),
        ("a block twice instead of another", forger.of_changed_blocks(|blocks| blocks[0] = blocks[1].clone())),
        ("a block's body altered", forger.of_changed_blocks(|blocks| blocks[0][9] ^= 1 << 40)),
        ("a block's seed altered", forger.of_changed_blocks(|blocks| blocks[0][0] ^= 1)),
        ("another job's totals", other.totals.clone()),
        ("another job's totals under this job's ID", forger.with_job(job.id, &other_forger.correct)),
        ("this job's totals under another job's ID", forger.with_job(other.id, &forger.correct)),
        ("the totals of another dataset of the job", other_forger.with_job(job.id, &forger.correct)),
    ];
    let message = assert_all_refused(&job, &cases);
    let other_message = assert_refused(&other, "this job's totals for the other job", &job.totals);
    assert_eq!(without_job_id(&message, &job), without_job_id(&other_message, &other));
}

fn add_to(word: &mut u64, value: u64) {
    *word = word.wrapping_add(value);
}

fn scale(totals: &mut LaneTotals, factor: u64) {
    totals.mask.iter_mut().chain(&mut totals.body).for_each(|word| *word = word.wrapping_mul(factor));
}

#[test]
fn the_correct_totals_are_accepted_any_number_of_times() {
    let job = job();
    for _ in 0..2 {
        assert_accepted(&job, "again");
        assert_eq!(job.sandbox.phase(job.id), Phase::Decrypted);
    }
}

/// Even if they would decrypt to the same values: a job accepts one file only.
#[test]
fn different_totals_after_the_correct_ones_are_refused() {
    let job = job();
    let forger = Forger::new(&job);
    assert_accepted(&job, "first");
    for by in [1, 1 << DELTA_BITS] {
        fs::remove_file(job.sandbox.results()).unwrap();
        job.set_totals(&forger.changed(|totals| add_to(&mut totals[0][0].body[0], by)));
        refusal(&job, &[], Phase::Decrypted, "different totals");
        assert_accepted(&job, "after different totals");
    }
}

/// These totals decrypt to the correct values only if the guess is correct. Accepting them in that case, as an early
/// version did, reveals the value of each patient.
#[test]
fn a_refusal_does_not_reveal_whether_a_guess_is_correct() {
    let flags: Vec<u64> = (0..40).map(|row| row * 7 % 11 % 2).collect();
    let csv = flags.iter().fold(String::from("flag\n"), |csv, flag| csv + &flag.to_string() + "\n");
    let job = ComputedJob::new(Sandbox::with_table(&csv));
    let forger = Forger::new(&job);
    let correct = decrypted(&job, &forger, &forger.correct);
    let mut messages = Vec::new();
    for (row, flag) in flags.iter().enumerate() {
        for guess in [0, 1] {
            let segments = forger.guessed(row, guess);
            let is_undetectable = decrypted(&job, &forger, &segments) == correct;
            assert_eq!(is_undetectable, guess == *flag, "the test forges totals that do not depend on the guess");
            job.reset();
            job.set_totals(&forger.file(&segments));
            messages.push(refusal(&job, &[], Phase::Uploaded, "a guess"));
        }
    }
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
    assert_accepted(&job, "after all of them");
}

/// The decrypted totals, which only the owner of the key can compute.
fn decrypted(job: &ComputedJob, forger: &Forger, segments: &Segments) -> Vec<u128> {
    let secrets = job.sandbox.open_job(job.id).unwrap().secrets(None).unwrap();
    let mut decryptor = Decryptor::new(&secrets.key, &forger.layout);
    for segment in segments {
        decryptor.add_segment(segment).unwrap();
    }
    decryptor.finish().unwrap().to_vec()
}

#[test]
fn segments_in_another_order_or_number_are_refused() {
    let mut csv = String::from("flag\n");
    for row in 0..SEGMENT_ROWS + 60_000 {
        writeln!(csv, "{}", u8::from(row % 3 == 0)).unwrap();
    }
    let job = ComputedJob::new(Sandbox::with_table(&csv));
    let forger = Forger::new(&job);
    assert_eq!(forger.correct.len(), 2);
    let (first, second) = (forger.correct[0].clone(), forger.correct[1].clone());
    let twice_first = vec![first.clone(), first.clone()];
    let cases = [
        ("segments swapped", forger.file(&vec![second.clone(), first.clone()])),
        ("the first segment twice", forger.file(&twice_first)),
        ("a segment missing", forger.file(&vec![first.clone()])),
        ("an additional segment", forger.file(&vec![first, second.clone(), second])),
        ("two totals shifted between segments", forger.changed(|totals| shift(totals))),
    ];
    assert_all_refused(&job, &cases);
}

#[test]
fn lanes_in_another_order_or_number_are_refused() {
    let job = ComputedJob::new(Sandbox::with_table(&wide_table(1500, 10)));
    let forger = Forger::new(&job);
    let widths = forger.layout.widths();
    assert!(widths.len() > 1, "{widths:?}");
    let cases = [
        ("lanes swapped", forger.changed(|totals| totals[0].swap(0, 1))),
        ("a lane of zeros", forger.changed(|totals| scale(&mut totals[0][1], 0))),
        ("a lane missing", forger.changed(|totals| _ = totals[0].pop())),
        ("one more in the last lane", forger.changed(|totals| add_to(&mut totals[0][1].body[0], 1 << DELTA_BITS))),
    ];
    assert_all_refused(&job, &cases);
}

/// A table whose cells cycle through 1, 2 and 3.
fn wide_table(columns: usize, rows: usize) -> String {
    let names = (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let row =
        |row: usize| (0..columns).map(|column| (1 + (row + column) % 3).to_string()).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("{names}\n{}\n", rows.join("\n"))
}

/// One less in the first segment and one more in the second: the sum of both does not change.
fn shift(totals: &mut [Vec<LaneTotals>]) {
    add_to(&mut totals[0][0].body[0], (1_u64 << DELTA_BITS).wrapping_neg());
    add_to(&mut totals[1][0].body[0], 1 << DELTA_BITS);
}
