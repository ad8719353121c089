//! Hostile clients of `hestat serve`: its resource use stays bounded, and honest clients are still served.

mod brute_force;
mod cleartext;
mod client;
mod commands_during_transfer;
mod concurrent_uploads;
mod connection_limit;
mod honest_client;
mod large_directories;
mod logs;
mod names;
mod protected_paths;
mod quota;
mod random_sessions;
mod shutdown;
mod stream;
mod timeouts;
mod totals_quota;
mod unbounded_input;
mod unusual_commands;
