//! Numbers as cells contain them: formats, the formats in which a cell is a number, missing-value codes.

pub(super) mod format_set;
pub(super) mod missing_codes;
pub(super) mod number_format;
