//! What each key authenticates besides the plaintext: associated data, labels and algorithm names.
//!
//! | key | associated data or label |
//! |---|---|
//! | passphrase | [`job_secrets_aad`] |
//! | RSA key | `OAEP` |
//! | content key of a token | the token's header, which contains `JWE_ALG` and `JWE_ENC` |

/// Returns the associated data of a job's `secrets.hes`: the job ID, so that one job's secrets cannot be passed off as
/// another's.
pub fn job_secrets_aad(job: [u8; 16]) -> [u8; 16] {
    job
}

/// The label L of RSAES-OAEP (RFC 8017 §7.1): empty, as JWE requires (RFC 7518 §4.3).
pub(super) const OAEP: Option<&[u8]> = None;

/// The header member "alg": how a token's content key is encrypted (RFC 7518 §4.3).
pub(super) const JWE_ALG: &str = "RSA-OAEP-256";

/// The header member "enc": how a token's content is encrypted (RFC 7518 §5.3).
pub(super) const JWE_ENC: &str = "A256GCM";
