//! What can go wrong with keys, and with what is sealed under them.

/// It does not open. Whether the key was wrong or the bytes were altered, and where, is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open: another key, or altered bytes")]
pub struct DecryptError;

/// Why something cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// More than fits.
    #[error("{bytes} bytes are too many to encrypt at once")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// The claims are no record with named fields, or too long, or name what the header says itself.
    #[error("this cannot be said in a token's header")]
    Header,
    /// The key cannot be used, or there is no memory for the work.
    #[error("the encryption fails")]
    Failed,
}

/// Why bytes are no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An RSA key that is not strong enough.
    #[error("an RSA key of {bits} bits can be broken; 2048 is the least that is accepted, and 3072 or more is better")]
    TooSmall {
        /// Of its modulus.
        bits: usize,
    },
    /// An RSA key that would take too long.
    #[error("an RSA key of {bits} bits is too slow to use; 8192 is the most that is accepted")]
    TooLarge {
        /// Of its modulus.
        bits: usize,
    },
    /// A size that no new key has.
    #[error("no RSA key is made with {bits} bits, but with 2048, 3072, 4096 or 8192")]
    NoSuchSize {
        /// As asked for.
        bits: usize,
    },
    /// What should say a size says none.
    #[error("a size is a number of bits: 2048, 3072, 4096 or 8192")]
    NotASize,
    /// No key of the expected kind.
    #[error("it is no key of the kind that is needed")]
    NotAKey,
    /// No new key.
    #[error("no key can be made: the system gives no randomness")]
    NoRandomness,
}

/// Why a PEM file gives no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Something else.
    #[error("it holds no private key in PEM (PKCS#8)")]
    NotPem,
    /// A private key in a form of its algorithm's own.
    #[error("its private key is in a form from before PKCS#8")]
    Pkcs1,
    /// Encrypted, and nothing to open it with.
    #[error("it is protected by a passphrase")]
    PassphraseNeeded,
    /// Encrypted in a way that is not known here.
    #[error("its encryption is none of PBES2 with AES under scrypt or PBKDF2-HMAC-SHA-2")]
    Unsupported,
    /// A key derivation without bounds.
    #[error("to open it would take more time or memory than a key file may ask for")]
    CostTooHigh,
    /// A wrong passphrase, or altered bytes.
    #[error("the passphrase does not open it")]
    CannotOpen,
}
