//! Interruptions: SIGKILL, a full disk, missing permissions, few resources, another process at the same work.

mod at_once;
mod denied;
mod few_threads;
mod full;
mod killed;
mod quarantine;
mod seeds;
mod small_disk;

pub(crate) use small_disk::SmallDisk;
