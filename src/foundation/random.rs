//! Randomness: a cryptographic generator seeded by the operating system.

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::SeedableRng;

/// The generator used everywhere: ChaCha20 (RFC 8439) with a 256-bit seed, wiped when dropped.
pub type Randomness = ChaCha20Rng;

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(getrandom::Error);

/// A generator with a fresh seed from the operating system.
///
/// # Errors
/// [`NoRandomness`].
pub fn from_system() -> Result<Randomness, NoRandomness> {
    Randomness::try_from_rng(&mut SysRng).map_err(NoRandomness)
}
