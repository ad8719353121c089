//! An FTP client with explicit TLS (RFC 959, 2228, 2428, 3659, 4217), based on suppaftp and rustls.
//!
//! ```text
//! client ─▶ retry ─▶ reconnect ─▶ session ─▶ commands, data ─▶ connection ─▶ tcp_connect
//!                                                                         ─▶ tls ─▶ verifier ─▶ trust
//! ```
//!
//! `client` implements `RemoteStore`. `retry` repeats an operation after a temporary failure, and `reconnect` opens the
//! session that it runs in. `session` is a login, and `connection` opens the control connection for it. Beside them:
//! `monitor`, the thread that enforces deadlines; `error_mapping`, from errors of suppaftp to `TransferError`;
//! `parameters` and `netrc`, settings and passwords; `greeting`, what is known about a server before the login;
//! `probe`, what the server says about itself after it; and `progress`, that of uploads.

pub(super) mod client;
mod commands;
mod connection;
mod data;
mod error_mapping;
pub(super) mod greeting;
mod monitor;
pub mod netrc;
pub mod parameters;
pub mod probe;
mod progress;
mod reconnect;
mod retry;
mod session;
mod tcp_connect;
mod tls;
pub(super) mod trust;
mod verifier;
