//! All labels and contexts for domain separation, in one list. No other module defines any.
//!
//! | key | authenticated context |
//! |---|---|
//! | passphrase, for a job's secrets | [`job_secrets`] |
//! | RSA, for a content key | `OAEP` (RFC 7518 §4.3); the content key authenticates the token's header |
//! | content key of a token | the token's header, which names `JWE_KEY` and `JWE_CONTENT` |

/// Returns the associated data of a job's `secrets.hes`: the job's ID, so that they cannot be opened as those of
/// another job.
pub fn job_secrets(job: [u8; 16]) -> [u8; 16] {
    job
}

/// The label L of RSAES-OAEP (RFC 8017 §7.1): the empty one.
pub(super) const OAEP: Option<&[u8]> = None;

/// The encryption of a token's content key (RFC 7518 §4.3).
pub(super) const JWE_KEY: &str = "RSA-OAEP-256";

/// The encryption of a token's content (RFC 7518 §5.3).
pub(super) const JWE_CONTENT: &str = "A256GCM";
