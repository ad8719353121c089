//! Integration tests. They run the binary as users do, each in a sandbox of its own, and attack it.

// A panic is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod attacker;
mod cheating;
mod commands;
mod containers;
mod csv_in_the_wild;
mod faults;
mod fog;
mod ftp;
mod hostile_clients;
mod hostile_files;
mod hostile_ftp;
mod identity;
mod interrupted;
mod jose;
mod layers;
mod oracle;
mod ownership;
mod ports;
mod programs;
mod python;
mod reaching;
mod readme;
mod sandbox;
mod server_access;
mod watching;
