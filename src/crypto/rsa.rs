//! RSA-OAEP with SHA-256 and MGF1-SHA-256 (RFC 8017 §7.1), with keys of 2048 to 8192 bits.

mod modulus;
mod private;
mod public;
mod size;

pub use private::RsaPrivateKey;
pub use public::RsaPublicKey;
pub use size::RsaBits;

/// The minimum modulus length in bits: 112 bits of strength (NIST SP 800-131A).
pub const MIN_BITS: usize = 2048;
/// The maximum modulus length in bits; longer keys are too slow.
pub const MAX_BITS: usize = 8192;
