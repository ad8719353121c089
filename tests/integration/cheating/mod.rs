//! A server that answers something else than the sum, in files as well-formed as an honest server's.
//!
//! Each answer has a right digest; what is wrong is what it decrypts to. If any were decrypted, the server could learn the
//! key, pass off false statistics, or tell from the verdict what a patient's value is.

mod answers;
mod forger;
