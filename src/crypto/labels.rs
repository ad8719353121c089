//! Every label and context that tells one use of a key from another, in one list; nobody writes one elsewhere.
//!
//! | key | what is bound to the ciphertext |
//! |---|---|
//! | of a passphrase, for a job's secrets | [`job_secrets`] |
//! | RSA, for a content key | `OAEP`, as RFC 7518 §4.3 has it; the token's header is bound by its content key |
//! | content key of a token | the token's header, which names `JWE_KEY` and `JWE_CONTENT` |

/// Associated data of a job's `secrets.hes`: the job's name. They cannot be opened as those of another job.
pub fn job_secrets(job: [u8; 16]) -> [u8; 16] {
    job
}

/// The label L of RSAES-OAEP (RFC 8017 §7.1): the empty one.
pub(super) const OAEP: Option<&[u8]> = None;

/// How a token's content key is encrypted (RFC 7518 §4.3).
pub(super) const JWE_KEY: &str = "RSA-OAEP-256";

/// How a token's content is encrypted (RFC 7518 §5.3).
pub(super) const JWE_CONTENT: &str = "A256GCM";
