//! A cheating server: its totals files are well-formed, but do not contain the sum of the dataset.
//!
//! Each file has a correct digest, and only the decrypted values would be wrong. If the client decrypted any of them,
//! the server could learn the key, cause wrong statistics, or learn a patient's value from whether the client accepts
//! them.

mod forger;
mod totals;
