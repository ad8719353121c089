//! What every room stands on: exact decimals, atomic files, temporary ones, a bounded codec, secrets, time, progress.

pub mod atomic;
pub mod clock;
pub mod codec;
pub mod decimal;
pub mod exact;
pub mod observer;
pub mod random;
pub mod rational;
pub mod regular;
pub mod scratch;
pub mod secret;
pub mod text;
