//! The cryptographic random number generator, seeded by the operating system.

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::SeedableRng;

/// The generator that all modules use: ChaCha20 (RFC 8439) with a 256-bit seed, wiped when dropped.
pub type Randomness = ChaCha20Rng;

/// The operating system provides no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system provides no randomness")]
pub struct RandomnessError(#[source] getrandom::Error);

/// Creates a generator with a fresh seed from the operating system.
///
/// # Errors
/// [`RandomnessError`] if the system call fails.
pub fn from_system() -> Result<Randomness, RandomnessError> {
    Randomness::try_from_rng(&mut SysRng).map_err(RandomnessError)
}
