//! An FTP client with explicit TLS (RFC 959, 2428, 3659, 4217), based on suppaftp and rustls.
//!
//! `client` is the store. It runs commands in a `session`, which `reconnect` opens when it is needed and `retry` opens
//! again after a failure.

pub(super) mod client;
mod commands;
mod connection;
mod data;
mod dial;
mod failure;
pub(super) mod greeting;
mod monitor;
pub mod netrc;
pub mod parameters;
pub mod probe;
mod progress;
mod reconnect;
mod retry;
mod session;
mod tls;
pub(super) mod trust;
mod verifier;
