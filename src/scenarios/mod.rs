//! Situations with an untrusted middle, each a room of its own. None uses another.

pub mod fog;
