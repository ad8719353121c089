//! BLAKE3 digests of `.hes` files, and readers and writers that compute them.

use std::fmt;
use std::io::{self, Read, Write};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::PackageError;

/// Length of a digest, in bytes.
pub const DIGEST_BYTES: u64 = 32;

/// Buffer size in bytes from which hashing in parallel is faster.
const PARALLEL_THRESHOLD: usize = 1 << 18;

/// A BLAKE3 digest. Each `.hes` file ends with the digest of all preceding bytes, which also identifies the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// Hexadecimal in text formats, 32 bytes in binary ones.
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        parse_hex(&text).map(Self).ok_or_else(|| D::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes the bytes that are read from or written to `T`; large buffers are hashed on all cores.
pub struct HashingIo<T> {
    inner: T,
    hasher: blake3::Hasher,
}

impl<T> HashingIo<T> {
    /// Wraps `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new() }
    }

    /// Returns the digest of the bytes so far.
    pub fn digest(&self) -> Digest {
        Digest(*self.hasher.finalize().as_bytes())
    }

    /// Returns the wrapped value. Bytes read or written through it are not hashed.
    pub fn inner(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Hashes bytes that were read or written through [`Self::inner`].
    pub fn update(&mut self, bytes: &[u8]) {
        if bytes.len() >= PARALLEL_THRESHOLD && rayon::current_num_threads() > 1 {
            self.hasher.update_rayon(bytes);
        } else {
            self.hasher.update(bytes);
        }
    }

    /// Returns the wrapped value.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// Returns the first `count` bytes, which a reader or writer reports as done. A count beyond the buffer is an error:
/// bytes that were not hashed must not go unnoticed.
fn prefix(bytes: &[u8], count: usize) -> io::Result<&[u8]> {
    bytes.get(..count).ok_or_else(|| io::Error::other("more bytes reported than the buffer holds"))
}

impl<T: Read> Read for HashingIo<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.update(prefix(buffer, count)?);
        Ok(count)
    }
}

impl<T: Write> Write for HashingIo<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.update(prefix(bytes, count)?);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Verifies the digest at the end of a file of `length` bytes, of any kind, and returns it.
///
/// # Errors
/// [`PackageError::Digest`] if it does not match or is not the end of the file; [`PackageError::Io`].
pub fn verify_digest(input: impl Read, length: u64) -> Result<Digest, PackageError> {
    let hashed = length.checked_sub(DIGEST_BYTES).ok_or(PackageError::Digest)?;
    let mut hashing = HashingIo::new(input);
    io::copy(&mut hashing.by_ref().take(hashed), &mut io::sink())?;
    let digest = hashing.digest();
    let mut stored = Vec::new();
    hashing.inner().take(DIGEST_BYTES + 1).read_to_end(&mut stored)?;
    if stored == digest.0 { Ok(digest) } else { Err(PackageError::Digest) }
}

/// Writes `bytes` as lower-case hexadecimal digits.
pub(super) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Parses exactly `N` bytes in lower-case hexadecimal digits.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok().filter(|_| rest.is_empty())?;
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let value = |digit: u8| if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
    digits.then(|| pairs.map(|[high, low]| value(high) << 4 | value(low)))
}
