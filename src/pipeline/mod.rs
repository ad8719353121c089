//! What users do, each step written as the sentence that describes it.
//!
//! ```text
//! init:    CSV → schema → plan → rows → blocks → dataset file ⇒ server
//! compute:                                 dataset file → blocks → totals → totals file       (no key in sight)
//! result:                                                  server ⇒ totals file → exact totals → statistics
//! ```

mod answer;
mod attempts;
mod bell;
pub mod check;
pub mod compute;
mod encrypt;
pub mod error;
pub mod init;
pub mod inspect;
pub mod jobs;
mod names;
mod outbox;
pub mod ping;
pub mod result;
mod rules;
pub mod run;
pub mod serve;
pub mod spool;
mod until;
pub mod watch;

pub use error::PipelineError;
pub use spool::Spool;
