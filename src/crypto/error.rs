//! Errors of keys, encryption and decryption.

/// Decryption failed. The error is opaque: it does not reveal whether the key was wrong or the data was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decryption failed: wrong key or altered data")]
pub struct DecryptError;

/// The reason why encryption failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The plaintext exceeds the limit of the operation.
    #[error("{bytes} bytes are too many to encrypt at once")]
    TooLong {
        /// The length of the plaintext.
        bytes: usize,
    },
    /// The claims are not a struct with named fields, are too long, or use a reserved name.
    #[error("value not representable in a JOSE header")]
    Header,
    /// The key cannot be used, or memory is exhausted.
    #[error("encryption failed")]
    Failed,
}

/// The reason why a key cannot be used or generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An RSA key that is too weak.
    #[error("an RSA key of {bits} bits is too weak: the minimum is 2048")]
    TooSmall {
        /// The length of the modulus.
        bits: usize,
    },
    /// An RSA key that is too slow.
    #[error("an RSA key of {bits} bits is too slow: the maximum is 8192")]
    TooLarge {
        /// The length of the modulus.
        bits: usize,
    },
    /// A size that is not offered for new keys.
    #[error("unsupported RSA key size of {bits} bits: must be 2048, 3072, 4096 or 8192")]
    UnsupportedSize {
        /// The requested length of the modulus.
        bits: usize,
    },
    /// The text is not a number.
    #[error("not an RSA key size in bits: must be 2048, 3072, 4096 or 8192")]
    ParseSize,
    /// The data is not a valid key of the expected type.
    #[error("not a key of the expected type")]
    WrongType,
    /// Key generation failed.
    #[error("cannot generate a key: the operating system provides no randomness")]
    NoRandomness,
}

/// The reason why a private key cannot be read from PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The text contains no PKCS#8 private key.
    #[error("no private key in PEM (PKCS#8)")]
    NotPem,
    /// An RSA private key in the older PKCS#1 format.
    #[error("the private key is in PKCS#1 format, not PKCS#8")]
    Pkcs1,
    /// The key is encrypted, and no passphrase was given.
    #[error("the private key is protected by a passphrase")]
    PassphraseNeeded,
    /// The key is encrypted with an unsupported algorithm.
    #[error("unsupported encryption: only PBES2 with AES and scrypt or PBKDF2-HMAC-SHA-2 can be read")]
    Unsupported,
    /// The key derivation would need too much time or memory.
    #[error("its key derivation parameters exceed the limit")]
    CostTooHigh,
    /// The passphrase is wrong, or the data was altered.
    #[error("the passphrase does not decrypt the private key")]
    WrongPassphrase,
}
