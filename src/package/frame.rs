//! The frame of every `.hes` file: magic, version, kind, header, payload, digest.

use std::fmt;
use std::io::{Read, Write};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::PackageError;
use crate::foundation::codec;

/// The first eight bytes. Not ASCII, and broken by any translation of line ends, as PNG's are.
pub const MAGIC: [u8; 8] = *b"\x89HES\r\n\x1A\n";

/// The version written and read.
pub const VERSION: u16 = 2;

/// The longest header, in bytes.
pub const MAX_HEADER: u64 = 1 << 16;

/// Headers are padded to a multiple of this, so that payloads begin aligned.
const ALIGNMENT: usize = 64;

/// Bytes before the header: magic, version, kind, length of the header.
const PREAMBLE: usize = 16;

/// Bytes of the digest at the end.
pub const DIGEST_BYTES: u64 = 32;

/// BLAKE3 of everything before it; also what one file calls another by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// Hexadecimal where people read it, 32 bytes elsewhere.
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
        read_hex(&text).map(Self).ok_or_else(|| D::Error::custom("not 64 hexadecimal digits"))
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

/// `bytes` as lower-case hexadecimal digits.
pub(super) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// The bytes whose lower-case hexadecimal digits `text` is.
pub(super) fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok().filter(|_| rest.is_empty())?;
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let value = |digit: u8| if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
    digits.then(|| pairs.map(|[high, low]| value(high) << 4 | value(low)))
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Encrypted blocks, client to server.
    Dataset,
    /// Encrypted totals, server to client.
    Totals,
    /// A job's secrets, never leaving the client.
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

/// The first bytes of a file: preamble, header, padding.
///
/// # Errors
/// [`PackageError::Header`] if the header would be too long.
pub fn header_bytes<H: Serialize>(kind: FileKind, header: &H) -> Result<Vec<u8>, PackageError> {
    let too_long = |_| PackageError::Header(format!("longer than {MAX_HEADER} bytes"));
    let header = codec::encode(header, MAX_HEADER).map_err(too_long)?;
    let length = u32::try_from(header.len()).unwrap_or(u32::MAX);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(kind.code().to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    Ok(bytes)
}

/// What the first 16 bytes of a file tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preamble {
    /// What the file is.
    pub kind: FileKind,
    header_bytes: usize,
}

impl Preamble {
    /// Reads it.
    ///
    /// # Errors
    /// [`PackageError::BadMagic`], [`PackageError::Version`], [`PackageError::Header`].
    pub fn parse(bytes: &[u8; PREAMBLE]) -> Result<Self, PackageError> {
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
            return Err(PackageError::Header(format!("{length} bytes long")));
        }
        Ok(Self { kind, header_bytes: length as usize })
    }

    /// Bytes before the payload.
    pub fn payload_start(&self) -> u64 {
        (PREAMBLE + self.header_bytes).next_multiple_of(ALIGNMENT) as u64
    }
}

/// Reads a file's opening from `input`, which hashes what it reads.
///
/// # Errors
/// [`PackageError`] for every opening that is not exactly one of this `kind` with a header of type `H`.
pub fn read_opening<H: DeserializeOwned>(kind: FileKind, input: &mut impl Read) -> Result<(Preamble, H), PackageError> {
    let mut bytes = [0; PREAMBLE];
    read_exactly(input, &mut bytes)?;
    let preamble = Preamble::parse(&bytes)?;
    if preamble.kind != kind {
        return Err(PackageError::Kind { found: preamble.kind.to_string(), expected: kind.to_string() });
    }
    let mut rest = vec![0; preamble.payload_start() as usize - PREAMBLE];
    read_exactly(input, &mut rest)?;
    let (header, padding) = rest.split_at_checked(preamble.header_bytes).ok_or(PackageError::BadMagic)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(PackageError::Header("padding that is not zero".into()));
    }
    let header = codec::decode(header, MAX_HEADER).map_err(|error| PackageError::Header(error.to_string()))?;
    Ok((preamble, header))
}

/// Reads all of `buffer`.
///
/// # Errors
/// [`PackageError::Header`] if the file ends before, for it is too short for its kind; [`PackageError::Io`].
pub fn read_exactly(input: &mut impl Read, buffer: &mut [u8]) -> Result<(), PackageError> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => PackageError::Header("the file ends too early".into()),
        _ => PackageError::Io(error),
    })
}

/// Passes bytes on and hashes them, with all cores where there are enough at once.
pub struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
}

/// From this many bytes on, hashing in parallel gains more than it costs.
const PARALLEL_FROM: usize = 1 << 18;

impl<T> Hashing<T> {
    /// Around `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new() }
    }

    /// Digest of what has passed.
    pub fn digest(&self) -> Digest {
        Digest(*self.hasher.finalize().as_bytes())
    }

    /// What is inside; reading or writing there passes by the digest.
    pub fn inner(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Counts bytes that were read or written past this wrapper.
    pub fn absorb(&mut self, bytes: &[u8]) {
        if bytes.len() >= PARALLEL_FROM && rayon::current_num_threads() > 1 {
            self.hasher.update_rayon(bytes);
        } else {
            self.hasher.update(bytes);
        }
    }

    /// Ends it.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.absorb(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.absorb(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
