//! hestat from outside: the binary as its users run it, in sandboxes of their own, and as others might attack it.

// A test says what must hold by failing where it does not; here that is what these are for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod attacker;
mod cheating;
mod commands;
mod containers;
mod csv_in_the_wild;
mod faults;
mod fog;
mod ftp;
mod hostile;
mod hostile_clients;
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
mod site;
mod watching;
