//! The frame of every `.hes` file: magic, version, kind, header, payload, digest.

use std::fmt;
use std::io::{self, Read, Write};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::PackageError;
use crate::foundation::codec;

/// The first eight bytes. Like PNG's, they are not ASCII, and any conversion of line endings changes them.
pub const MAGIC: [u8; 8] = *b"\x89HES\r\n\x1A\n";

/// The format version that is written and read.
pub const VERSION: u16 = 2;

/// Maximum length of a header, in bytes.
pub const MAX_HEADER: u64 = 1 << 16;

/// Preamble and header are padded to a multiple of this many bytes, so that the payload is aligned.
const ALIGNMENT: usize = 64;

/// Bytes before the header: magic, version, kind, length of the header.
const PREAMBLE_BYTES: usize = 16;

/// Length of the digest at the end, in bytes.
pub const DIGEST_BYTES: u64 = 32;

/// BLAKE3 digest. Every file ends with that of the bytes before it, which also identifies the file.
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
        read_hex(&text).map(Self).ok_or_else(|| D::Error::custom("expected 64 lower-case hexadecimal digits"))
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

/// Writes `bytes` as lower-case hexadecimal digits.
pub(super) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Parses exactly `N` bytes in lower-case hexadecimal digits.
pub(super) fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok().filter(|_| rest.is_empty())?;
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let value = |digit: u8| if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
    digits.then(|| pairs.map(|[high, low]| value(high) << 4 | value(low)))
}

/// The kind of a `.hes` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Encrypted blocks; sent from client to server.
    Dataset,
    /// Encrypted totals; sent from server to client.
    Totals,
    /// A job's secrets; they never leave the client.
    Secrets,
}

impl FileKind {
    const ALL: [Self; 3] = [Self::Dataset, Self::Totals, Self::Secrets];

    fn code(self) -> u16 {
        match self {
            Self::Dataset => 1,
            Self::Totals => 2,
            Self::Secrets => 3,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dataset => "dataset",
            Self::Totals => "totals file",
            Self::Secrets => "file of a job's secrets",
        })
    }
}

/// Returns the bytes before the payload: preamble, header, padding.
///
/// # Errors
/// [`PackageError::Header`] if the header is longer than [`MAX_HEADER`].
pub fn header_bytes<H: Serialize>(kind: FileKind, header: &H) -> Result<Vec<u8>, PackageError> {
    let too_long = || PackageError::Header(format!("longer than {MAX_HEADER} bytes"));
    let header = codec::encode(header, MAX_HEADER).map_err(|_| too_long())?;
    let length = u32::try_from(header.len()).map_err(|_| too_long())?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(kind.code().to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    Ok(bytes)
}

/// The first 16 bytes of a file: magic, version, kind, length of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preamble {
    /// Kind of the file.
    pub kind: FileKind,
    header_bytes: usize,
}

impl Preamble {
    /// Parses the preamble.
    ///
    /// # Errors
    /// [`PackageError::BadMagic`]; [`PackageError::Version`]; [`PackageError::Header`] for an unknown kind or a header
    /// longer than [`MAX_HEADER`].
    pub fn parse(bytes: &[u8; PREAMBLE_BYTES]) -> Result<Self, PackageError> {
        let [magic @ .., v0, v1, k0, k1, l0, l1, l2, l3] = *bytes;
        if magic != MAGIC {
            return Err(PackageError::BadMagic);
        }
        let found = u16::from_le_bytes([v0, v1]);
        if found != VERSION {
            return Err(PackageError::Version { found, expected: VERSION });
        }
        let code = u16::from_le_bytes([k0, k1]);
        let unknown = || PackageError::Header(format!("unknown kind {code}"));
        let kind = FileKind::ALL.into_iter().find(|kind| kind.code() == code).ok_or_else(unknown)?;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if u64::from(length) > MAX_HEADER {
            return Err(PackageError::Header(format!("length of {length} bytes exceeds {MAX_HEADER}")));
        }
        Ok(Self { kind, header_bytes: length as usize })
    }

    /// Returns the offset of the payload, in bytes.
    pub fn payload_start(&self) -> u64 {
        (PREAMBLE_BYTES + self.header_bytes).next_multiple_of(ALIGNMENT) as u64
    }
}

/// Reads everything before the payload from `input`.
///
/// # Errors
/// [`PackageError::BadMagic`], [`PackageError::Version`]; [`PackageError::Kind`] if the file is not of this `kind`;
/// [`PackageError::Header`] if the header is not exactly one of type `H` or the padding is not zero;
/// [`PackageError::Io`].
pub fn read_header<H: DeserializeOwned>(kind: FileKind, input: &mut impl Read) -> Result<(Preamble, H), PackageError> {
    let mut bytes = [0; PREAMBLE_BYTES];
    read_exactly(input, &mut bytes)?;
    let preamble = Preamble::parse(&bytes)?;
    if preamble.kind != kind {
        return Err(PackageError::Kind { found: preamble.kind.to_string(), expected: kind.to_string() });
    }
    let mut rest = vec![0; preamble.payload_start() as usize - PREAMBLE_BYTES];
    read_exactly(input, &mut rest)?;
    let (header, padding) = rest.split_at_checked(preamble.header_bytes).ok_or(PackageError::BadMagic)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(PackageError::Header("nonzero padding".into()));
    }
    let header = codec::decode(header, MAX_HEADER).map_err(|error| PackageError::Header(error.to_string()))?;
    Ok((preamble, header))
}

/// Fills `buffer` from `input`.
///
/// # Errors
/// [`PackageError::Header`] if the file ends before; [`PackageError::Io`].
pub fn read_exactly(input: &mut impl Read, buffer: &mut [u8]) -> Result<(), PackageError> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => PackageError::Header("unexpected end of file".into()),
        _ => PackageError::Io(error),
    })
}

/// A reader or writer that hashes the bytes that pass; large buffers are hashed on all cores.
pub struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
}

/// Buffer size in bytes from which hashing in parallel is faster.
const PARALLEL_THRESHOLD: usize = 1 << 18;

impl<T> Hashing<T> {
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
    pub fn absorb(&mut self, bytes: &[u8]) {
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

/// The bytes that a reader or writer reports as done: bytes that were not hashed must not pass unnoticed.
fn prefix(bytes: &[u8], count: usize) -> io::Result<&[u8]> {
    bytes.get(..count).ok_or_else(|| io::Error::other("more bytes reported than the buffer holds"))
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.absorb(prefix(buffer, count)?);
        Ok(count)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.absorb(prefix(bytes, count)?);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
