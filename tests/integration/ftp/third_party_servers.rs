//! The hestat client with third-party servers.

mod client;
mod jobs;
mod refusals;
mod strictness;
