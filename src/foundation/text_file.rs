//! Lists that people write: text of bounded length, in whatever encoding, with or without a byte order mark.

use std::fs::File;
use std::io::{self, Read};

/// The longest list that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// What the list in `file` says.
///
/// # Errors
/// Those of reading, and one for a list that is too long: half of it would say something else.
pub fn read(file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    if file.take(LONGEST + 1).read_to_end(&mut bytes)? as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 16 MiB"));
    }
    // Remarks may be in any encoding.
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_a_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list");
        std::fs::write(&path, b"\xEF\xBB\xBFa\xFF\n").unwrap();
        assert_eq!(read(File::open(&path).unwrap()).unwrap(), "a\u{FFFD}\n");
        File::options().write(true).open(&path).unwrap().set_len(LONGEST + 1).unwrap();
        assert!(read(File::open(&path).unwrap()).unwrap_err().to_string().contains("16 MiB"));
    }
}
