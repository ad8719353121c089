//! The seeds of all blocks that were ever written, whole files or the beginnings of files.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use hestat::he::Layout;
use hestat::package::{DatasetReader, JobId};

use crate::site::Site;

/// Who used a seed: which block of which job.
#[derive(Default)]
pub(super) struct Seeds {
    users: HashMap<[u8; 16], (JobId, usize)>,
}

impl Seeds {
    /// Notes the seeds of every dataset that is on this site now: under its name, half uploaded, or in a job that never
    /// came to exist. A seed must not serve two blocks; that a block lies in two places is nothing.
    pub(super) fn collect(&mut self, site: &Site, shape: &Shape) {
        let jobs = folders(&site.state().join("jobs"));
        for (name, folder) in jobs.into_iter().chain(folders(&site.data().join("inbox"))) {
            let job = name.trim_start_matches(".new-").parse().unwrap();
            for file in ["dataset.hes", "dataset.hes.part"] {
                if let Ok(bytes) = fs::read(Path::new(&folder).join(file)) {
                    self.note(job, &bytes, shape);
                }
            }
        }
    }

    fn note(&mut self, job: JobId, bytes: &[u8], shape: &Shape) {
        let mut at = shape.payload;
        for (number, block) in shape.layout.blocks().enumerate() {
            let Some(seed) = bytes.get(at..at + 16) else { return };
            at += 8 * block.words();
            let user = *self.users.entry(seed.try_into().unwrap()).or_insert((job, number));
            assert_eq!(user, (job, number), "a seed serves twice");
        }
    }

    pub(super) fn count(&self) -> usize {
        self.users.len()
    }
}

/// How every dataset of a table lies.
pub(super) struct Shape {
    pub(super) layout: Layout,
    payload: usize,
}

impl Shape {
    pub(super) fn of(dataset: &Path) -> Self {
        let file = fs::File::open(dataset).unwrap();
        let length = file.metadata().unwrap().len();
        let layout = DatasetReader::open(file).unwrap().layout().clone();
        let payload = usize::try_from(length - 32 - 8 * layout.words()).unwrap();
        Self { layout, payload }
    }
}

fn folders(place: &Path) -> Vec<(String, std::path::PathBuf)> {
    let entries = fs::read_dir(place).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let named = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), entry.path())
    };
    entries.into_iter().map(named).collect()
}

#[test]
#[should_panic(expected = "a seed serves twice")]
fn a_seed_that_serves_twice_is_noticed() {
    let site = Site::new(&crate::site::small_table(5000));
    let job = site.init();
    let shape = Shape::of(&site.dataset(job));
    let mut bytes = fs::read(site.dataset(job)).unwrap();
    let mut seeds = Seeds::default();
    seeds.collect(&site, &shape);
    assert_eq!(seeds.count() as u64, shape.layout.block_count());
    let second_block = shape.payload + 8 * shape.layout.blocks().next().unwrap().words();
    bytes.copy_within(shape.payload..shape.payload + 16, second_block);
    fs::write(site.dataset(job), bytes).unwrap();
    seeds.collect(&site, &shape);
}
