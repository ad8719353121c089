//! Test vectors of other implementations for each primitive.

mod keys;
mod wycheproof;
