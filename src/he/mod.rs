//! Homomorphic encryption of sums: the only module that uses `tfhe`.
//!
//! A row of S small integers becomes S coefficients of a polynomial; a polynomial becomes one GLWE ciphertext; adding
//! ciphertexts adds rows; folding adds the rows inside a ciphertext. The result is one small ciphertext that decrypts
//! to the exact total of every slot.
//!
//! ```text
//! rows ─ packer ─▶ plaintext blocks ─ encryptor ─▶ blocks ═▶ evaluator (no key) ═▶ totals ─ decryptor ─▶ exact totals
//! ```

pub mod decryptor;
pub mod encryptor;
pub mod error;
pub mod evaluator;
pub mod glwe;
pub mod keys;
pub mod layout;
pub mod mask;
pub mod noise;
pub mod packer;
pub mod parameters;
mod ring;
#[cfg(test)]
mod tests;
mod wrapping;

pub use decryptor::Decryptor;
pub use encryptor::Encryptor;
pub use error::HeError;
pub use evaluator::{Evaluator, LaneTotals};
pub use keys::SecretKey;
pub use layout::{Block, Layout};
pub use packer::{Packer, PlainBlock};
