//! Collects the seeds of all blocks, in complete and in incomplete datasets. No two blocks may have the same seed.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use hestat::he::Layout;
use hestat::package::{DatasetReader, JobId};

use crate::sandbox::{Sandbox, entries};

/// All seeds seen so far.
#[derive(Default)]
pub(super) struct Seeds {
    /// The job and the number of the block that used each seed.
    users: HashMap<[u8; 16], (JobId, usize)>,
}

impl Seeds {
    /// Collects the seeds of every dataset in this sandbox: complete, half uploaded, or in a job that was never
    /// completed. Two blocks must not have the same seed, but there may be copies of one block.
    pub(super) fn collect(&mut self, sandbox: &Sandbox, shape: &DatasetShape) {
        for directory in [sandbox.state().join("jobs"), sandbox.server().join("inbox")] {
            for name in entries(&directory) {
                let job = name.trim_start_matches(".new-").parse().unwrap();
                for file in ["dataset.hes", "dataset.hes.part"] {
                    if let Ok(bytes) = fs::read(directory.join(&name).join(file)) {
                        self.add(job, &bytes, shape);
                    }
                }
            }
        }
    }

    fn add(&mut self, job: JobId, bytes: &[u8], shape: &DatasetShape) {
        let mut offset = shape.payload;
        for (number, block) in shape.layout.blocks().enumerate() {
            let Some(seed) = bytes.get(offset..offset + 16) else { return };
            offset += 8 * block.words();
            let user = *self.users.entry(seed.try_into().unwrap()).or_insert((job, number));
            assert_eq!(user, (job, number), "two blocks have the same seed");
        }
    }

    pub(super) fn count(&self) -> usize {
        self.users.len()
    }
}

/// Where the blocks are in every dataset of a table.
pub(super) struct DatasetShape {
    pub(super) layout: Layout,
    /// Offset of the first block.
    payload: usize,
}

impl DatasetShape {
    pub(super) fn of(dataset: &Path) -> Self {
        let file = fs::File::open(dataset).unwrap();
        let length = file.metadata().unwrap().len();
        let layout = DatasetReader::open(file).unwrap().layout().clone();
        let payload = usize::try_from(length - 32 - 8 * layout.words()).unwrap();
        Self { layout, payload }
    }
}

#[test]
#[should_panic(expected = "two blocks have the same seed")]
fn a_repeated_seed_is_detected() {
    let sandbox = Sandbox::with_table(&crate::sandbox::small_table(5000));
    let job = sandbox.init_table();
    let shape = DatasetShape::of(&sandbox.dataset(job));
    let mut bytes = fs::read(sandbox.dataset(job)).unwrap();
    let mut seeds = Seeds::default();
    seeds.collect(&sandbox, &shape);
    assert_eq!(seeds.count() as u64, shape.layout.block_count());
    let second_block = shape.payload + 8 * shape.layout.blocks().next().unwrap().words();
    bytes.copy_within(shape.payload..shape.payload + 16, second_block);
    fs::write(sandbox.dataset(job), bytes).unwrap();
    seeds.collect(&sandbox, &shape);
}
