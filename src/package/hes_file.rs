//! The structure that all `.hes` files share: magic bytes, version, kind, header, payload, digest.

use std::fmt;
use std::io::{self, Read};

use serde::{Serialize, de::DeserializeOwned};

use super::error::PackageError;
use crate::foundation::codec;

/// The first eight bytes. As in PNG, the first one is not ASCII, and CR LF, SUB and LF reveal a transfer that converts
/// line endings (PNG specification §5.2).
pub const MAGIC: [u8; 8] = *b"\x89HES\r\n\x1A\n";

/// The only supported format version.
pub const VERSION: u16 = 2;

/// Maximum length of a header, in bytes.
pub const MAX_HEADER_BYTES: u64 = 1 << 16;

/// Preamble and header are padded to a multiple of this many bytes, so that the payload is aligned.
const ALIGNMENT: usize = 64;

/// Bytes before the header: magic, version, kind, length of the header.
const PREAMBLE_BYTES: usize = 16;

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
/// [`PackageError::Header`] if the header is longer than [`MAX_HEADER_BYTES`].
pub fn header_bytes<H: Serialize>(kind: FileKind, header: &H) -> Result<Vec<u8>, PackageError> {
    // Encoding fails only if the header is too long.
    let too_long = || PackageError::Header(format!("longer than {MAX_HEADER_BYTES} bytes"));
    let header = codec::encode(header, MAX_HEADER_BYTES).map_err(|_| too_long())?;
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
    /// longer than [`MAX_HEADER_BYTES`].
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
        if u64::from(length) > MAX_HEADER_BYTES {
            return Err(PackageError::Header(format!("length of {length} bytes exceeds {MAX_HEADER_BYTES}")));
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
/// As [`Preamble::parse`]; [`PackageError::Kind`] if the file is not of this `kind`; [`PackageError::Header`] if the
/// header is not exactly one of type `H` or the padding is not zero; [`PackageError::Truncated`]; [`PackageError::Io`].
pub fn read_header<H: DeserializeOwned>(kind: FileKind, input: &mut impl Read) -> Result<(Preamble, H), PackageError> {
    let mut bytes = [0; PREAMBLE_BYTES];
    read_exactly(input, &mut bytes)?;
    let preamble = Preamble::parse(&bytes)?;
    if preamble.kind != kind {
        return Err(PackageError::Kind { found: preamble.kind.to_string(), expected: kind.to_string() });
    }
    let mut header = vec![0; preamble.header_bytes];
    read_exactly(input, &mut header)?;
    let mut padding = vec![0; preamble.payload_start() as usize - PREAMBLE_BYTES - header.len()];
    read_exactly(input, &mut padding)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(PackageError::Header("nonzero padding".into()));
    }
    let header = codec::decode(&header, MAX_HEADER_BYTES).map_err(|error| PackageError::Header(error.to_string()))?;
    Ok((preamble, header))
}

/// Fills `buffer` from `input`.
///
/// # Errors
/// [`PackageError::Truncated`] if `input` ends before `buffer` is full; [`PackageError::Io`].
pub fn read_exactly(input: &mut impl Read, buffer: &mut [u8]) -> Result<(), PackageError> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => PackageError::Truncated,
        _ => PackageError::Io(error),
    })
}
