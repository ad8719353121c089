//! What users do, each step written as the sentence that describes it.
//!
//! ```text
//! init:    CSV → schema → plan → rows → blocks → dataset file ⇒ server
//! compute:                                 dataset file → blocks → totals → totals file       (no key in sight)
//! result:                                                  server ⇒ totals file → exact totals → statistics
//! ```

mod access;
mod attempts;
pub mod check;
pub mod compute;
mod deadline_observer;
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
pub mod spool;
mod wakeup;
pub mod watch;

pub use error::PipelineError;
pub use spool::Spool;
