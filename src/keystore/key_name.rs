//! Names of keys. They become file names.

use std::fmt;
use std::str::FromStr;

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The name of a key. As a file name, it cannot leave a directory, is not hidden, and needs no quoting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// Text that is not a valid key name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has 1 to 64 ASCII letters, digits, '-', '_' and '.', and does not begin with '.' or '-'")]
pub struct ParseKeyNameError;

impl KeyName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = ParseKeyNameError;

    fn from_str(text: &str) -> Result<Self, ParseKeyNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let well_formed = (1..=MAX_NAME_BYTES).contains(&text.len()) && !text.starts_with(['.', '-']);
        if well_formed && text.bytes().all(allowed) { Ok(Self(text.into())) } else { Err(ParseKeyNameError) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_file_name() {
        let longest = "x".repeat(64);
        for name in ["default", "fog-node_2.old", "0", "a..b", &longest] {
            assert_eq!(name.parse::<KeyName>().unwrap().as_str(), name);
        }
        let longer = "x".repeat(65);
        for name in ["", ".", "..", ".hidden", "-f", "a/b", "../a", "a\0", "a b", "a\n", "ü", "a\\b", &longer] {
            assert_eq!(name.parse::<KeyName>(), Err(ParseKeyNameError), "{name:?}");
        }
    }
}
