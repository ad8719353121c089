//! Interruptions: SIGKILL, full disks, missing permissions, low resource limits, concurrent processes.

mod concurrent_processes;
mod disk_full;
mod permission_denied;
mod quarantine;
mod resource_limits;
mod seed_uniqueness;
mod sigkill;
mod small_disk;

pub(crate) use small_disk::SmallDisk;
