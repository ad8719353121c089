//! Names that clients send: places below the root, by words alone.

use std::fmt;
use std::io;

use crate::foundation::atomic::TEMPORARY;
use crate::foundation::text::sanitize;

/// The most folders on the way to a place.
const DEEPEST: usize = 32;

/// The longest name, in bytes, as on most file systems.
const LONGEST: usize = 255;

/// A file or folder below the root; the root itself has no name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct VirtualPath(Vec<String>);

impl VirtualPath {
    /// What `argument` means when it is said in this folder. Links play no part, for none is ever followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidFilename`] for what climbs out of the root and for names that no file here has.
    pub(super) fn resolve(&self, argument: &str) -> io::Result<Self> {
        let mut names = if argument.starts_with('/') { Vec::new() } else { self.0.clone() };
        for name in argument.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(names.pop().ok_or(io::ErrorKind::InvalidFilename)?),
                name if is_name(name) && names.len() < DEEPEST => names.push(name.to_owned()),
                _ => return Err(io::ErrorKind::InvalidFilename.into()),
            }
        }
        Ok(Self(names))
    }

    /// The names that lead there.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    /// The folder that it is in and its name there.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidFilename`] for the root, which is in none.
    pub(super) fn split(&self) -> io::Result<(&[String], &str)> {
        let (name, folder) = self.0.split_last().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok((folder, name))
    }

    /// Whether it is this place, or one below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Itself for a log, whose readers it cannot command.
    pub(super) fn shown(&self) -> String {
        sanitize(&self.to_string())
    }

    /// One folder up; the root stays where it is.
    pub(super) fn parent(&self) -> Self {
        Self(self.0.split_last().map(|(_, folder)| folder.to_vec()).unwrap_or_default())
    }
}

impl fmt::Display for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("/") } else { self.0.iter().try_for_each(|name| write!(f, "/{name}")) }
    }
}

/// Whether clients may know a file by this name.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= LONGEST && !name.starts_with(TEMPORARY) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_below_the_root_or_nowhere() {
        let here = VirtualPath::default().resolve("a/b").unwrap();
        let shown = |argument: &str| here.resolve(argument).map(|place| place.to_string()).ok();
        assert_eq!(shown("c d/ü").as_deref(), Some("/a/b/c d/ü"));
        assert_eq!(shown("/x//./y/").as_deref(), Some("/x/y"));
        assert_eq!(shown("../../z").as_deref(), Some("/z"));
        assert_eq!(shown("../..").as_deref(), Some("/"));
        for bad in
            ["../../..", "/..", "/../etc/passwd", "a\0b", "a\nb", ".hestat-x", &"x".repeat(256), &"x/".repeat(33)]
        {
            assert_eq!(shown(bad), None, "{bad:?}");
        }
        assert_eq!(here.parent().parent().parent(), VirtualPath::default());
        assert!(VirtualPath::default().split().is_err());
    }
}
