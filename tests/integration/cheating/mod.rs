//! A server that answers something else than the sum, in files as well-formed as an honest server's.
//!
//! Each answer has a right digest; what is wrong is what it decrypts to. If any were decrypted and shown, the server
//! could learn the key or pass off false statistics.

mod answers;
mod forger;
