//! Forges the totals of a job from what a server has: the dataset, the correct totals, the files of other jobs.

use std::io::Cursor;

use hestat::he::layout::SEED_WORDS;
use hestat::he::mask::{self, MaskSeed};
use hestat::he::parameters::{DELTA_BITS, POLYNOMIAL_SIZE};
use hestat::he::{Evaluator, LaneTotals, Layout};
use hestat::package::{AcceptedTotals, Digest, JobId, TotalsFile, TotalsHeader, totals};

use crate::sandbox::ComputedJob;

/// Totals of all segments, lane by lane.
pub(super) type Segments = Vec<Vec<LaneTotals>>;

pub(super) struct Forger {
    pub(super) header: TotalsHeader,
    pub(super) layout: Layout,
    /// The correct totals.
    pub(super) correct: Segments,
    /// The words of each block of the dataset.
    blocks: Vec<Vec<u64>>,
}

impl Forger {
    pub(super) fn new(job: &ComputedJob) -> Self {
        let (file, length) = (Cursor::new(&job.totals), job.totals.len() as u64);
        let header = TotalsFile::open(file.clone(), length).unwrap().header().clone();
        let digest = Digest(job.totals[job.totals.len() - 32..].try_into().unwrap());
        let mut totals = AcceptedTotals::open(file, length, digest).unwrap();
        let layout = totals.layout().clone();
        let correct: Segments = (0..layout.segments()).map(|_| totals.read_segment().unwrap()).collect();
        let payload = job.dataset.len() - 32 - 8 * usize::try_from(layout.words()).unwrap();
        let words = job.dataset[payload..].chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let mut words = words.take(usize::try_from(layout.words()).unwrap());
        let blocks = layout.blocks().map(|block| words.by_ref().take(block.words()).collect()).collect();
        Self { header, layout, correct, blocks }
    }

    /// A file of these totals, with a correct digest.
    pub(super) fn file(&self, segments: &Segments) -> Vec<u8> {
        write(&self.header, segments)
    }

    /// A file of the correct totals after `change`.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Segments)) -> Vec<u8> {
        let mut segments = self.correct.clone();
        change(&mut segments);
        assert_ne!(segments, self.correct);
        self.file(&segments)
    }

    /// The totals that a server computes if it changes the blocks first. For one lane and one segment.
    pub(super) fn of_changed_blocks(&self, change: impl FnOnce(&mut Vec<Vec<u64>>)) -> Vec<u8> {
        let mut blocks = self.blocks.clone();
        change(&mut blocks);
        let segments = vec![vec![sum(&blocks, self.layout.slots())]];
        assert_ne!(segments, self.correct);
        self.file(&segments)
    }

    /// −Δ·Σ_k 2^k·X^{−kS} as mask and zero as body. If they were decrypted, slot 0 would be forty bits of the key.
    pub(super) fn key_extracting(&self) -> Vec<u8> {
        let width = self.layout.slots();
        let mut mask = vec![0_u64; POLYNOMIAL_SIZE];
        for k in 0..40 {
            let term = 1_u64 << (DELTA_BITS + k);
            // X^{−d} = −X^{N−d}, and the phase of totals is b − a·s.
            match k as usize * width {
                0 => mask[0] = mask[0].wrapping_sub(term),
                degree => mask[POLYNOMIAL_SIZE - degree] = mask[POLYNOMIAL_SIZE - degree].wrapping_add(term),
            }
        }
        self.file(&vec![vec![LaneTotals { mask, body: vec![0; width] }]])
    }

    /// The correct totals plus the ciphertext of a row of the first block, rotated to coefficient 0, minus Δ·guess.
    /// They decrypt to the correct values if the value of that row is the guess. For a table of one slot.
    pub(super) fn guessed(&self, row: usize, guess: u64) -> Segments {
        let (seed, body) = self.blocks[0].split_first_chunk::<SEED_WORDS>().unwrap();
        let mut mask = vec![0; POLYNOMIAL_SIZE];
        mask::expand(MaskSeed::from_words(*seed), &mut mask).unwrap();
        // X^{−row} · mask: coefficients that pass the lower end change their sign.
        let (low, high) = mask.split_at(row);
        let rotated: Vec<u64> = high.iter().copied().chain(low.iter().map(|word| word.wrapping_neg())).collect();
        let mut segments = self.correct.clone();
        let LaneTotals { mask: sum, body: total } = &mut segments[0][0];
        add(sum, &rotated);
        total[0] = total[0].wrapping_add(body[row]).wrapping_sub(guess << DELTA_BITS);
        segments
    }

    /// A file of these totals whose header names `job`, but the dataset of the forger's job.
    pub(super) fn with_job(&self, job: JobId, segments: &Segments) -> Vec<u8> {
        write(&TotalsHeader::new(job, self.header.dataset, &self.layout), segments)
    }
}

fn write(header: &TotalsHeader, segments: &Segments) -> Vec<u8> {
    let mut file = Vec::new();
    totals::write(&mut file, header, segments).unwrap();
    file
}

/// The totals of blocks of one lane, each folded separately.
fn sum(blocks: &[Vec<u64>], width: usize) -> LaneTotals {
    let mut sum = LaneTotals { mask: vec![0; POLYNOMIAL_SIZE], body: vec![0; width] };
    for words in blocks {
        let rows = (words.len() - SEED_WORDS) / width;
        let layout = Layout::new(rows as u64, width).unwrap();
        let mut evaluator = Evaluator::new(&layout);
        evaluator.add(&layout.blocks().collect::<Vec<_>>(), words).unwrap();
        let one = evaluator.finish().remove(0).remove(0);
        add(&mut sum.mask, &one.mask);
        add(&mut sum.body, &one.body);
    }
    sum
}

fn add(sum: &mut [u64], words: &[u64]) {
    sum.iter_mut().zip(words).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
}

#[test]
fn the_forger_can_also_compute_the_correct_totals() {
    let job = ComputedJob::small(2000);
    let forger = Forger::new(&job);
    assert_eq!(vec![vec![sum(&forger.blocks, forger.layout.slots())]], forger.correct);
    assert!(forger.blocks.len() > 3);
    assert!(forger.file(&forger.correct) == job.totals);
}
