//! From the bytes of a file to checked text: `source` reads and hashes, `character_encoding` converts to UTF-8,
//! `line_breaks` converts to LF, `syntax_check` rejects what RFC 4180 does not allow.

pub(super) mod character_encoding;
pub(super) mod line_breaks;
pub(super) mod source;
pub(super) mod syntax_check;
