//! The sizes of new keys.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rsa::KeySize;

use super::modulus;
use crate::crypto::error::KeyError;

/// The modulus length of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaBits {
    /// 112 bits of strength (NIST SP 800-57 part 1, table 2).
    Rsa2048,
    /// 128 bits of strength.
    Rsa3072,
    /// About 140 bits of strength.
    Rsa4096,
    /// About 190 bits of strength; generation takes about a minute.
    Rsa8192,
}

impl RsaBits {
    /// All sizes, the smallest first.
    pub const ALL: [Self; 4] = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::Rsa8192];

    /// Returns the modulus length in bits.
    pub fn bits(self) -> usize {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::Rsa8192 => 8192,
        }
    }

    pub(super) fn key_size(self) -> KeySize {
        match self {
            Self::Rsa2048 => KeySize::Rsa2048,
            Self::Rsa3072 => KeySize::Rsa3072,
            Self::Rsa4096 => KeySize::Rsa4096,
            Self::Rsa8192 => KeySize::Rsa8192,
        }
    }
}

impl TryFrom<usize> for RsaBits {
    type Error = KeyError;

    fn try_from(bits: usize) -> Result<Self, KeyError> {
        modulus::check(bits)?;
        Self::ALL.into_iter().find(|size| size.bits() == bits).ok_or(KeyError::UnsupportedSize { bits })
    }
}

impl FromStr for RsaBits {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse::<usize>().map_err(|_| KeyError::ParseSize)?.try_into()
    }
}

impl fmt::Display for RsaBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits().fmt(f)
    }
}
