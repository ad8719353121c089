//! What every room stands on: exact decimals, atomic files, temporary ones, lists of those met before, a bounded codec,
//! secrets, time and patience, progress.

pub mod atomic;
pub mod backoff;
pub mod big_decimal;
pub mod clock;
pub mod codec;
pub mod core_dumps;
pub mod decimal;
pub mod file_space;
pub mod known_hosts;
pub mod observer;
pub mod open_regular;
pub mod ownership;
pub mod quota;
pub mod random;
pub mod rational;
pub mod rlimit;
pub mod root_dir;
pub mod secret;
pub mod shell;
pub mod temp_dir;
pub mod text;
pub mod text_file;
pub mod threads;
