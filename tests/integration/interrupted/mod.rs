//! What may come between: a kill, a full disk, a closed door, another process.

mod at_once;
mod denied;
mod few_threads;
mod full;
mod killed;
mod quarantine;
mod seeds;
mod small_disk;

pub(crate) use small_disk::SmallDisk;
