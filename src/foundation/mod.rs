//! What every room stands on: exact decimals, atomic files, temporary ones, lists of those met before, a bounded codec,
//! secrets, time and patience, progress.

pub mod atomic;
pub mod backoff;
pub mod clock;
pub mod codec;
pub mod core_dumps;
pub mod decimal;
pub mod exact;
pub mod file_space;
pub mod known;
pub mod list;
pub mod observer;
pub mod open_files;
pub mod ownership;
pub mod quota;
pub mod random;
pub mod rational;
pub mod regular;
pub mod root_dir;
pub mod scratch;
pub mod secret;
pub mod shell;
pub mod text;
pub mod threads;
