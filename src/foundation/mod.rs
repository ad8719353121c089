//! Building blocks without domain knowledge, which every other module may use: exact decimals, atomic and private
//! files, quotas, a bounded codec, secrets, randomness, clocks and progress reporting.

pub mod atomic;
pub mod backoff;
pub mod big_decimal;
pub mod clock;
pub mod codec;
pub mod core_dumps;
pub mod decimal;
pub mod file_space;
pub mod fs;
pub mod known_hosts;
pub mod observer;
pub mod ownership;
pub mod quota;
pub mod random;
pub mod rational;
pub mod regular_file;
pub mod rlimit;
pub mod root_dir;
pub mod secret;
pub mod shell;
pub mod temp_dir;
pub mod text;
pub mod text_file;
pub mod threads;
