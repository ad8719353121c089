//! Sizes that new keys have.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rsa::KeySize;

use super::modulus;
use crate::crypto::error::KeyError;

/// Length of a new key's modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaBits {
    /// 112 bits of strength (NIST SP 800-57 part 1, table 2).
    Rsa2048,
    /// 128 bits of strength.
    Rsa3072,
    /// About 140 bits of strength.
    Rsa4096,
    /// About 190 bits of strength; takes a minute to make.
    Rsa8192,
}

impl RsaBits {
    /// All, the shortest first.
    pub const ALL: [Self; 4] = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::Rsa8192];

    /// How many bits.
    pub fn bits(self) -> usize {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::Rsa8192 => 8192,
        }
    }

    pub(super) fn size(self) -> KeySize {
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
        Self::ALL.into_iter().find(|size| size.bits() == bits).ok_or(KeyError::NoSuchSize { bits })
    }
}

impl FromStr for RsaBits {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse::<usize>().map_err(|_| KeyError::NotASize)?.try_into()
    }
}

impl fmt::Display for RsaBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits().fmt(f)
    }
}
