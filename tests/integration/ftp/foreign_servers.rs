//! Our client at the servers of others.

mod client;
mod demands;
mod jobs;
mod refusals;
