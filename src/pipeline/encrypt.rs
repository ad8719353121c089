//! The second pass over the table: one thread encodes the rows, and all cores encrypt them. Memory use does not depend
//! on the size of the table.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use zeroize::Zeroizing;

use super::error::PipelineError;
use crate::encoding::Plan;
use crate::foundation::observer::{Cancelled, Observer};
use crate::foundation::threads::ThreadStartError;
use crate::he::{Block, Encryptor, Evaluator, LaneTotals, Layout, Packer, PlainBlock};
use crate::package::{DatasetWriter, Digest, PackageError};
use crate::table::{CsvSource, Schema, TableError, TableReader};

/// Number of blocks that are encrypted together. At most two batches are queued.
const BATCH_BLOCKS: usize = 64;

/// Number of rows between two progress reports.
const ROWS_PER_ADVANCE: u64 = 1024;

/// A table after the first pass: its schema, plan and layout are known.
pub(super) struct PlannedTable<'t> {
    pub(super) source: &'t CsvSource,
    pub(super) schema: &'t Schema,
    pub(super) plan: &'t Plan,
    pub(super) layout: &'t Layout,
}

/// A written dataset, and the totals that a server computes from it.
pub(super) struct Encrypted<W> {
    pub(super) output: W,
    /// Digest of the dataset.
    pub(super) digest: Digest,
    /// Totals, by segment and lane.
    pub(super) totals: Vec<Vec<LaneTotals>>,
}

impl PlannedTable<'_> {
    /// Encodes and encrypts all rows, writes them to `dataset`, and computes the totals as the server will.
    pub(super) fn encrypt<W: Write>(
        &self,
        mut encryptor: Encryptor,
        mut dataset: DatasetWriter<W>,
        observer: Observer<'_>,
    ) -> Result<Encrypted<W>, PipelineError> {
        let mut evaluator = Evaluator::new(self.layout);
        let (sender, receiver) = sync_channel(2);
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, move || self.encode(&sender, observer));
            let thread = thread.map_err(ThreadStartError::from)?;
            let written = encrypt_batches(&receiver, &mut encryptor, &mut dataset, &mut evaluator);
            // After a failure, no more batches are received. Without a receiver, the encoder stops instead of blocking.
            drop(receiver);
            let encoded = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            written.and(encoded)
        })?;
        let (output, digest) = dataset.finish().map_err(failed)?;
        Ok(Encrypted { output, digest, totals: evaluator.finish() })
    }

    fn encode(&self, sender: &SyncSender<Vec<PlainBlock>>, observer: Observer<'_>) -> Result<(), PipelineError> {
        // This pass reports rows, so the reader must not report bytes.
        let uncounted = observer.without_progress();
        let mut reader = TableReader::open(self.source, &self.schema.dialect, uncounted)?;
        let mut packer = Packer::new(self.layout);
        let mut slots = Zeroizing::new(vec![0; self.plan.slots()]);
        let mut batch = Vec::with_capacity(BATCH_BLOCKS);
        let mut rows = 0;
        while reader.next_row()? {
            let changed = || TableError::Changed { line: Some(reader.line()) };
            self.plan.encode(|position| reader.cell(position), &mut slots).map_err(|_| changed())?;
            packer.push(&slots, |block| batch.push(block)).map_err(|_| changed())?;
            rows += 1;
            if batch.len() >= BATCH_BLOCKS {
                send(sender, &mut batch)?;
            }
            if rows % ROWS_PER_ADVANCE == 0 {
                observer.advance(ROWS_PER_ADVANCE);
            }
        }
        if reader.digest() != self.schema.digest {
            return Err(TableError::Changed { line: None }.into());
        }
        send(sender, &mut batch)?;
        observer.advance(rows % ROWS_PER_ADVANCE);
        Ok(packer.finish()?)
    }
}

fn send(sender: &SyncSender<Vec<PlainBlock>>, batch: &mut Vec<PlainBlock>) -> Result<(), Cancelled> {
    sender.send(std::mem::replace(batch, Vec::with_capacity(BATCH_BLOCKS))).map_err(|_| Cancelled)
}

fn encrypt_batches<W: Write>(
    receiver: &Receiver<Vec<PlainBlock>>,
    encryptor: &mut Encryptor,
    dataset: &mut DatasetWriter<W>,
    evaluator: &mut Evaluator,
) -> Result<(), PipelineError> {
    for batch in receiver {
        let words = encryptor.encrypt(&batch)?;
        dataset.write(&words).map_err(failed)?;
        let blocks: Vec<Block> = batch.iter().map(|plain| plain.block).collect();
        evaluator.add(&blocks, &words)?;
    }
    Ok(())
}

fn failed(source: PackageError) -> PipelineError {
    PipelineError::Package { name: "the dataset".into(), source }
}
