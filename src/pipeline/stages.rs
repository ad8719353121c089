//! The stages of the pipeline, as users see them.

use crate::foundation::observer::{Stage, Unit};

/// The first pass over the CSV file.
pub const READING: Stage = Stage { label: "reading", unit: Unit::Bytes };

/// The second pass, which encodes and encrypts rows.
pub const ENCRYPTING: Stage = Stage { label: "encrypting", unit: Unit::Items("rows") };

/// Upload to the server.
pub const UPLOADING: Stage = Stage { label: "uploading", unit: Unit::Bytes };

/// Addition of ciphertext blocks.
pub const COMPUTING: Stage = Stage { label: "computing", unit: Unit::Items("blocks") };

/// Download from the server.
pub const DOWNLOADING: Stage = Stage { label: "downloading", unit: Unit::Bytes };

/// Waiting for the server to add up blocks.
pub const WAITING: Stage = Stage { label: "server computes", unit: Unit::Items("blocks") };

/// Reading the clear data again for comparison.
pub const CHECKING: Stage = Stage { label: "checking", unit: Unit::Bytes };
