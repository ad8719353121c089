//! What has come back.

use std::path::PathBuf;

use super::id::MessageId;
use crate::crypto::KeyFingerprint;

/// A message that went through the fog and came back as it was.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it is called.
    pub message: MessageId,
    /// Its length.
    pub bytes: u64,
    /// The file that it is in.
    pub file: PathBuf,
    /// Its parts, in order.
    pub parts: Vec<PartReport>,
}

/// A part that came back.
#[derive(Debug, Clone)]
pub struct PartReport {
    /// Who encrypted it.
    pub node: KeyFingerprint,
    /// Its length, in bytes of the message.
    pub bytes: u64,
    /// The file with its tokens.
    pub file: PathBuf,
}
