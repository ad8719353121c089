//! The client of FTP with explicit TLS (RFC 959, 2428, 3659, 4217), over suppaftp and rustls.

mod attempts;
mod commands;
mod data;
mod dial;
pub(super) mod failure;
mod line;
pub mod netrc;
mod progress;
pub(super) mod remote;
pub(super) mod session;
mod tls;
pub(super) mod trust;
pub(super) mod verifier;
