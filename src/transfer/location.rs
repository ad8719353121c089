//! Where a server is, as the user writes it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `file:///dir`: a directory that both sides can reach.
    Directory(PathBuf),
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotALocation {
    /// Not of the form `scheme://…`.
    #[error("{0:?} is no address of a server; write file:///dir with the full path of a directory")]
    Form(String),
    /// A relative path.
    #[error("{0:?} does not name a directory by its full path; write file:///dir (three slashes)")]
    Relative(String),
    /// A scheme that this version does not speak.
    #[error("this version knows no {0:?} servers, only file:///dir")]
    Scheme(String),
}

impl FromStr for Location {
    type Err = NotALocation;

    fn from_str(text: &str) -> Result<Self, NotALocation> {
        match text.split_once("://") {
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Directory(path.into())),
            Some(("file", _)) => Err(NotALocation::Relative(text.into())),
            Some((scheme, _)) => Err(NotALocation::Scheme(scheme.into())),
            None => Err(NotALocation::Form(text.into())),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "file://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        let text = "file:///srv/hestat data";
        assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        assert!(matches!("file://dir".parse::<Location>(), Err(NotALocation::Relative(_))));
        assert!(matches!("gopher://x".parse::<Location>(), Err(NotALocation::Scheme(_))));
        assert!(matches!("/srv".parse::<Location>(), Err(NotALocation::Form(_))));
    }
}
