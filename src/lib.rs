//! hestat: exact statistics on encrypted columns, computed by a machine that is not trusted.
//!
//! ```text
//!            client                             server (no key)                        client
//! CSV ─ table ─ encoding ─ he ─ package ══▶ package ─ he ─ package ══▶ package ─ he ─ encoding ─ statistics ─ report
//!      rows     slots   ciphertext  file       blocks  totals  file      totals  exact     sums      figures
//! ```
//!
//! The rooms, in the order in which data flows:
//!
//! 1. [`table`]: CSV → rows of exact decimals;
//! 2. [`encoding`]: rows → slots of small integers, by a private plan; and exact totals → sums;
//! 3. [`he`]: slots → packed GLWE ciphertexts → encrypted totals → exact totals, verified;
//! 4. [`package`]: the files that travel;
//! 5. [`transfer`]: to the server and back;
//! 6. [`statistics`]: sums → figures, and the clear-data twin that they are compared with;
//! 7. [`report`]: figures → CSV, table, JSON.
//!
//! [`pipeline`] puts them together, [`keystore`] keeps a job's secrets, [`crypto`] seals them, [`cli`] is the door, and all
//! stand on [`foundation`].
//!
//! In the same house, [`scenarios`] are other situations with an untrusted middle, whose parties talk over the links of
//! [`wire`]. `docs/ARCHITECTURE.md` has the layers and the decisions.

#[cfg(target_endian = "big")]
compile_error!("files hold little-endian words, which are read and written in place");

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
pub mod table;
pub mod transfer;
pub mod wire;
