//! A cheating server: its totals are not the sum of the dataset, but the files are as well-formed as those of an honest
//! server.
//!
//! Each file has a correct digest, and only the decrypted values would be wrong. If the client decrypted any of them,
//! the server could learn the key, produce false statistics, or learn the value of a patient from whether they were
//! accepted.

mod forger;
mod totals;
