//! hestat from outside: as users run it, and as others might attack it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends when it cannot go on")]

mod readme;
