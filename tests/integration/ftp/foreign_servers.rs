//! The hestat client with foreign servers.

mod client;
mod jobs;
mod refusals;
mod strictness;
