//! The client of FTP with explicit TLS (RFC 959, 2428, 3659, 4217), over suppaftp and rustls.

pub(super) mod client;
mod commands;
mod connection;
mod data;
mod dial;
pub(super) mod failure;
pub mod netrc;
mod progress;
mod retry;
pub(super) mod session;
mod tls;
pub(super) mod trust;
pub(super) mod verifier;
