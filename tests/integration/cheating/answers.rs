//! Every false answer ends the same way.

use std::fmt::Write as _;
use std::fs;

use hestat::he::parameters::{DELTA_BITS, SEGMENT_ROWS};
use hestat::he::{Decryptor, LaneTotals};
use hestat::keystore::Phase;

use super::forger::{Forger, Segments};
use crate::site::{Answered, Ran, Site, small_table};

fn job() -> Answered {
    Answered::new(Site::new(&small_table(2000)))
}

/// Asks for the result: refused, and nothing of it told but these words, which are returned.
fn refused(job: &Answered) -> String {
    let Ran { code, stdout, stderr } = job.site.run(["result"]);
    assert_eq!((code, stdout.as_str()), (Some(7), ""), "{stderr}");
    assert!(stderr.contains("is not the sum of what was uploaded"), "{stderr}");
    assert!(!job.site.results().exists(), "nothing is written");
    stderr
}

/// Asks for the result while the honest answer is there.
fn accepted(job: &Answered, what: &str) {
    job.answer(&job.totals);
    job.site.run(["result"]).done();
    assert!(fs::read(job.site.results()).unwrap() == job.results, "{what}");
}

/// Answers so to a job that has seen no answer yet. It is refused, whoever asks how, and changes nothing: the honest answer
/// that comes afterwards is accepted.
fn assert_refused(job: &Answered, name: &str, answer: &[u8]) -> String {
    job.forget_answers();
    job.answer(answer);
    let words = refused(job);
    assert_eq!(job.site.phase(job.job), Phase::Uploaded, "{name}");
    let json = job.site.run(["result", "--json", "--wait"]);
    assert_eq!((json.code, json.stdout.as_str()), (Some(7), ""), "{name}");
    accepted(job, name);
    words
}

/// Always the same words, so that they tell nothing of how the answer was false.
fn assert_all_refused(job: &Answered, answers: &[(&str, Vec<u8>)]) -> String {
    let words: Vec<String> = answers.iter().map(|(name, answer)| assert_refused(job, name, answer)).collect();
    assert!(words.iter().all(|one| *one == words[0]), "{words:?}");
    words[0].clone()
}

/// The words without the job's name.
fn nameless(words: &str, job: &Answered) -> String {
    words.replace(&job.job.to_string(), "JOB")
}

#[test]
fn false_answers_are_refused_and_change_nothing() {
    let (job, other) = (job(), job());
    let (forger, others) = (Forger::new(&job), Forger::new(&other));
    let delta = 1_u64 << DELTA_BITS;
    let answers = [
        ("a mask that reads the key", forger.key_reader()),
        ("the least that can be changed", forger.changed(|totals| bump(&mut totals[0][0].body[0], 1))),
        ("one more in a total", forger.changed(|totals| bump(&mut totals[0][0].body[3], delta))),
        ("one less in the first total", forger.changed(|totals| bump(&mut totals[0][0].body[0], delta.wrapping_neg()))),
        ("most of a unit more", forger.changed(|totals| bump(&mut totals[0][0].body[6], delta / 4 * 3))),
        (
            "units in a mask",
            forger.changed(|totals| totals[0][0].mask.iter_mut().step_by(99).for_each(|word| bump(word, delta))),
        ),
        ("two totals swapped", forger.changed(|totals| totals[0][0].body.swap(0, 1))),
        ("all totals doubled", forger.changed(|totals| scale(&mut totals[0][0], 2))),
        ("nothing at all", forger.changed(|totals| scale(&mut totals[0][0], 0))),
        ("the wrong fold", forger.changed(|totals| totals[0][0].mask.rotate_left(7))),
        ("a block dropped", forger.over(|blocks| drop(blocks.remove(1)))),
        ("a block doubled", forger.over(|blocks| blocks.push(blocks[1].clone()))),
        ("a block twice instead of another", forger.over(|blocks| blocks[0] = blocks[1].clone())),
        ("a block's body altered", forger.over(|blocks| blocks[0][9] ^= 1 << 40)),
        ("a block's seed altered", forger.over(|blocks| blocks[0][0] ^= 1)),
        ("another job's answer", other.totals.clone()),
        ("another job's answer under this job's name", forger.renamed(job.job, &others.honest)),
        ("this job's answer under another's name", forger.renamed(other.job, &forger.honest)),
        ("the answer to another dataset of the job", others.renamed(job.job, &forger.honest)),
    ];
    let words = assert_all_refused(&job, &answers);
    let theirs = assert_refused(&other, "this job's answer to the other", &job.totals);
    assert_eq!(nameless(&words, &job), nameless(&theirs, &other));
}

fn bump(word: &mut u64, by: u64) {
    *word = word.wrapping_add(by);
}

fn scale(totals: &mut LaneTotals, by: u64) {
    totals.mask.iter_mut().chain(&mut totals.body).for_each(|word| *word = word.wrapping_mul(by));
}

#[test]
fn the_honest_answer_is_taken_as_often_as_it_comes() {
    let job = job();
    for _ in 0..2 {
        accepted(&job, "again");
        assert_eq!(job.site.phase(job.job), Phase::Decrypted);
    }
}

/// Not even one that would decrypt to the same totals: one job, one answer.
#[test]
fn a_second_and_different_answer_is_refused() {
    let job = job();
    let forger = Forger::new(&job);
    accepted(&job, "first");
    for by in [1, 1 << DELTA_BITS] {
        fs::remove_file(job.site.results()).unwrap();
        job.answer(&forger.changed(|totals| bump(&mut totals[0][0].body[0], by)));
        refused(&job);
        assert_eq!(job.site.phase(job.job), Phase::Decrypted);
        accepted(&job, "third");
    }
}

/// The verdict on these answers once told each patient's value: they decrypt to the honest totals if the guess is right.
#[test]
fn no_verdict_tells_whether_a_guess_is_right() {
    let flags: Vec<u64> = (0..40).map(|row| row * 7 % 11 % 2).collect();
    let csv = flags.iter().fold(String::from("flag\n"), |csv, flag| csv + &flag.to_string() + "\n");
    let job = Answered::new(Site::new(&csv));
    let forger = Forger::new(&job);
    let honest = decrypted(&job, &forger, &forger.honest);
    let mut verdicts = Vec::new();
    for (row, flag) in flags.iter().enumerate() {
        for guess in [0, 1] {
            let segments = forger.guessed(row, guess);
            assert_eq!(decrypted(&job, &forger, &segments) == honest, guess == *flag, "the attack is real");
            job.forget_answers();
            job.answer(&forger.file(&segments));
            verdicts.push(refused(&job));
        }
    }
    assert!(verdicts.iter().all(|one| *one == verdicts[0]), "{verdicts:?}");
    accepted(&job, "after all of them");
}

/// What only the key's owner can know of an answer.
fn decrypted(job: &Answered, forger: &Forger, segments: &Segments) -> Vec<u128> {
    let secrets = job.site.open(job.job).unwrap().secrets(None).unwrap();
    let mut decryptor = Decryptor::new(&secrets.key, &forger.layout);
    for segment in segments {
        decryptor.add_segment(segment).unwrap();
    }
    decryptor.finish().unwrap().to_vec()
}

#[test]
fn segments_have_their_places() {
    let mut csv = String::from("flag\n");
    for row in 0..SEGMENT_ROWS + 60_000 {
        writeln!(csv, "{}", u8::from(row % 3 == 0)).unwrap();
    }
    let job = Answered::new(Site::new(&csv));
    let forger = Forger::new(&job);
    assert_eq!(forger.honest.len(), 2);
    let (first, second) = (forger.honest[0].clone(), forger.honest[1].clone());
    let twice_first = vec![first.clone(), first.clone()];
    let answers = [
        ("segments swapped", forger.file(&vec![second.clone(), first.clone()])),
        ("the first segment twice", forger.file(&twice_first)),
        ("a segment missing", forger.file(&vec![first.clone()])),
        ("a segment too many", forger.file(&vec![first, second.clone(), second])),
        ("two totals shifted between segments", forger.changed(|totals| shift(totals))),
    ];
    assert_all_refused(&job, &answers);
}

#[test]
fn lanes_have_their_places() {
    let job = Answered::new(Site::new(&wide_table(1500, 10)));
    let forger = Forger::new(&job);
    let widths = forger.layout.widths();
    assert!(widths.len() > 1, "{widths:?}");
    let answers = [
        ("lanes swapped", forger.changed(|totals| totals[0].swap(0, 1))),
        ("a lane with nothing", forger.changed(|totals| scale(&mut totals[0][1], 0))),
        ("a lane missing", forger.changed(|totals| drop(totals[0].pop()))),
        ("one more in the last lane", forger.changed(|totals| bump(&mut totals[0][1].body[0], 1 << DELTA_BITS))),
    ];
    assert_all_refused(&job, &answers);
}

/// Columns of ones and twos and threes.
fn wide_table(columns: usize, rows: usize) -> String {
    let names = (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    let row =
        |row: usize| (0..columns).map(|column| (1 + (row + column) % 3).to_string()).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("{names}\n{}\n", rows.join("\n"))
}

/// One less in the first segment and one more in the second: the sum over both stays what it was.
fn shift(totals: &mut [Vec<LaneTotals>]) {
    bump(&mut totals[0][0].body[0], (1_u64 << DELTA_BITS).wrapping_neg());
    bump(&mut totals[1][0].body[0], 1 << DELTA_BITS);
}
