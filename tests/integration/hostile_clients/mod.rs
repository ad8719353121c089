//! Hostile clients at `hestat serve`: whatever they do, it stays within its bounds and honest clients go on.

mod answers;
mod brute_force;
mod client;
mod crowd;
mod endless;
mod honest;
mod interrupts;
mod logs;
mod many_files;
mod names;
mod odd;
mod places;
mod plain;
mod quota;
mod random;
mod slow;
mod stopping;
mod ten;
mod wire;
