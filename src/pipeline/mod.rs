//! The use cases: encrypt and upload a table, compute on the server, fetch and decrypt the result, and all of it in one
//! process.
//!
//! ```text
//! init:    CSV → schema → plan → rows → blocks → dataset file ⇒ server
//! compute:                                 dataset file → blocks → totals → totals file       (without a key)
//! result:                                                  server ⇒ totals file → exact totals → statistics
//! ```

mod access;
mod attempts;
pub mod check;
pub mod compute;
mod deadline;
mod download_progress;
mod encrypt;
pub mod error;
pub mod forget;
pub mod init;
pub mod inspect;
mod outbox;
mod paths;
pub mod ping;
mod received_totals;
pub mod result;
pub mod run;
pub mod serve;
mod server_location;
pub mod spool;
pub mod stages;
mod wakeup;
pub mod watch;

pub use error::PipelineError;
pub use spool::Spool;
