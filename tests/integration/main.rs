//! The program as its users and its enemies meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cheating;
mod hostile;
mod interrupted;
mod site;
