//! Scenarios in which something in the middle is not trusted. No scenario uses another.

pub mod fog;
