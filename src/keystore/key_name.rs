//! Names of keys, which become names of files.

use std::fmt;
use std::str::FromStr;

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// What a key is called here: nothing that leads out of a folder, hides in it, or has to be quoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// Text that is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has 1 to 64 letters of ASCII, digits, '-', '_' and '.', and does not begin with '.' or '-'")]
pub struct ParseKeyNameError;

impl KeyName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = ParseKeyNameError;

    fn from_str(text: &str) -> Result<Self, ParseKeyNameError> {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=LONGEST).contains(&text.len()) && !text.starts_with(['.', '-']);
        if fits && text.bytes().all(usual) { Ok(Self(text.into())) } else { Err(ParseKeyNameError) }
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
    fn a_name_stays_in_its_folder() {
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
