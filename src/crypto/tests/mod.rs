//! The room as a whole: vectors of others for each primitive.

mod keys;
mod wycheproof;
