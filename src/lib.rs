//! hestat: exact statistics on encrypted columns, computed by an untrusted machine.
//!
//! ```text
//!            client                             server (no key)                        client
//! CSV ─ table ─ encoding ─ he ─ package ══▶ package ─ he ─ package ══▶ package ─ he ─ encoding ─ statistics ─ report
//!      rows     slots   ciphertext  file       blocks  totals  file      totals  exact     sums      results
//! ```
//!
//! The modules, in the order in which data flows:
//!
//! 1. [`table`]: CSV → rows of exact decimals;
//! 2. [`encoding`]: rows → slots of small integers, by a private plan; exact totals → sums;
//! 3. [`he`]: slots → packed GLWE ciphertexts → encrypted totals → exact totals, verified;
//! 4. [`package`]: the files that are sent;
//! 5. [`transfer`]: upload to the server and download from it;
//! 6. [`statistics`]: sums → results, and the reference computation on the clear data;
//! 7. [`report`]: results → CSV, table, JSON.
//!
//! [`pipeline`] combines them into use cases, [`keystore`] keeps a job's secrets, [`crypto`] has the classical
//! cryptography, [`cli`] is the command line, and [`foundation`] is below all of them.
//!
//! The [`scenarios`] are other settings with an untrusted party. Their processes communicate over the links of
//! [`wire`], and can keep durable state in a [`store`]. `docs/ARCHITECTURE.md` has the layers and the design decisions.

#[cfg(target_endian = "big")]
compile_error!("files contain little-endian words, which are read and written in place");

pub mod cli;
pub mod crypto;
pub mod encoding;
pub mod foundation;
pub mod he;
pub mod keystore;
pub mod package;
pub mod pipeline;
pub mod report;
pub mod scenarios;
pub mod statistics;
pub mod store;
pub mod table;
pub mod transfer;
pub mod wire;
