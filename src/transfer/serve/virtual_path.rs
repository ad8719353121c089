//! Paths as clients see them: relative to the served root, and normalised without looking at the disk.

use std::fmt;
use std::io;

use crate::foundation::atomic::TEMPORARY;
use crate::foundation::text::sanitize;

/// Maximum number of names in a path.
const MAX_DEPTH: usize = 32;

/// Maximum length of a name in bytes, as on most file systems.
const MAX_NAME: usize = 255;

/// The names that lead from the root to a file or directory; none for the root itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct VirtualPath(Vec<String>);

impl VirtualPath {
    /// Resolves a client's argument against this working directory. `..` can be resolved by name alone, since symbolic
    /// links are never followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidFilename`] for a path that leaves the root or is too deep, and for names that
    /// [`is_allowed_name`] refuses.
    pub(super) fn resolve(&self, argument: &str) -> io::Result<Self> {
        let mut names = if argument.starts_with('/') { Vec::new() } else { self.0.clone() };
        for name in argument.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    names.pop().ok_or(io::ErrorKind::InvalidFilename)?;
                }
                name if is_allowed_name(name) && names.len() < MAX_DEPTH => names.push(name.to_owned()),
                _ => return Err(io::ErrorKind::InvalidFilename.into()),
            }
        }
        Ok(Self(names))
    }

    /// Returns the names from the root to this path.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns the names of the parent directory, and the last name.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidFilename`] for the root.
    pub(super) fn split(&self) -> io::Result<(&[String], &str)> {
        let (name, parent) = self.0.split_last().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok((parent, name))
    }

    /// Returns whether this is `other`, or a path below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Returns the path for the log, without control characters.
    pub(super) fn sanitized(&self) -> String {
        sanitize(&self.to_string())
    }

    /// Returns the parent directory; the root is its own parent.
    pub(super) fn parent(&self) -> Self {
        Self(self.0.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default())
    }
}

impl fmt::Display for VirtualPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("/") } else { self.0.iter().try_for_each(|name| write!(f, "/{name}")) }
    }
}

/// Returns whether clients may use this name: names of temporary files and names with control characters are reserved.
pub(super) fn is_allowed_name(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.starts_with(TEMPORARY) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() {
        let directory = VirtualPath::default().resolve("a/b").unwrap();
        let resolved = |argument: &str| directory.resolve(argument).map(|path| path.to_string()).ok();
        assert_eq!(resolved("c d/ü").as_deref(), Some("/a/b/c d/ü"));
        assert_eq!(resolved("/x//./y/").as_deref(), Some("/x/y"));
        assert_eq!(resolved("../../z").as_deref(), Some("/z"));
        assert_eq!(resolved("../..").as_deref(), Some("/"));
        for bad in
            ["../../..", "/..", "/../etc/passwd", "a\0b", "a\nb", ".hestat-x", &"x".repeat(256), &"x/".repeat(33)]
        {
            assert_eq!(resolved(bad), None, "{bad:?}");
        }
        assert_eq!(directory.parent().parent().parent(), VirtualPath::default());
        assert!(VirtualPath::default().split().is_err());
    }
}
