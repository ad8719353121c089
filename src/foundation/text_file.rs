//! Reads text files written by people: bounded length, any encoding, with or without a byte order mark.

use std::fs::File;
use std::io::{self, Read};

/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// Returns the text in `file`, without a byte order mark.
///
/// # Errors
/// Reading fails, or the file is longer than 16 MiB. It is not truncated, because a shorter list could have another
/// meaning.
pub fn read(file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    if file.take(MAX_BYTES + 1).read_to_end(&mut bytes)? as u64 > MAX_BYTES {
        return Err(io::Error::other("longer than 16 MiB"));
    }
    // Comments may be in any encoding.
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_completely_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list");
        std::fs::write(&path, b"\xEF\xBB\xBFa\xFF\n").unwrap();
        assert_eq!(read(File::open(&path).unwrap()).unwrap(), "a\u{FFFD}\n");
        File::options().write(true).open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert!(read(File::open(&path).unwrap()).unwrap_err().to_string().contains("16 MiB"));
    }
}
