//! Files that nobody honest wrote: whatever their bytes, they fail alone, in words, and in little memory.

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
