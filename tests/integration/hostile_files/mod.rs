//! Malformed and malicious files: whatever their bytes, they affect only their own job, cause an error message, and
//! need little memory.

mod claims;
mod datasets;
mod inbox;
mod inspected;
mod links;
mod mutation;
mod outcomes;
mod state;
mod status;
mod totals;
