//! Ways to corrupt a `.hes` file, written from the description of the format, not with the program's own code.

use proptest::prelude::*;
use proptest::sample::Index;

/// One change to a file.
#[derive(Debug, Clone)]
pub(super) enum Mutation {
    /// XORs one byte with a value.
    Byte(Index, u8),
    /// Truncates the file.
    Cut(Index),
    /// Appends bytes.
    Grow(Vec<u8>),
    Version(u16),
    Kind(u16),
    HeaderLength(u32),
    ParameterSet(u16),
    Rows(u64),
    Slots(u64),
}

/// Length in bytes of magic, version, kind and header length.
const PREAMBLE: usize = 16;
const DIGEST: usize = 32;

/// Offset of the shape in a dataset's header, after the job ID.
pub(super) const DATASET_SHAPE: usize = PREAMBLE + 16;
/// Offset of the shape in the header of totals, after the job ID and the dataset's digest.
pub(super) const TOTALS_SHAPE: usize = DATASET_SHAPE + 32;

pub(super) fn any_mutation() -> impl Strategy<Value = Mutation> {
    let large = prop_oneof![any::<u64>(), 0..100_000_u64, (0..64_u32).prop_map(|bits| 1 << bits), Just(u64::MAX)];
    prop_oneof![
        11 => any_change(),
        1 => any::<u16>().prop_map(Mutation::Version),
        1 => (0..6_u16).prop_map(Mutation::Kind),
        1 => any::<u32>().prop_map(Mutation::HeaderLength),
        1 => (0..200_u32).prop_map(Mutation::HeaderLength),
        1 => any::<u16>().prop_map(Mutation::ParameterSet),
        2 => large.clone().prop_map(Mutation::Rows),
        1 => large.prop_map(Mutation::Slots),
        2 => (0..20_u64).prop_map(Mutation::Slots),
    ]
}

/// A change that applies to files of every kind.
pub(super) fn any_change() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        8 => any_byte(),
        2 => any::<Index>().prop_map(Mutation::Cut),
        1 => proptest::collection::vec(any::<u8>(), 1..100).prop_map(Mutation::Grow),
    ]
}

pub(super) fn any_byte() -> impl Strategy<Value = Mutation> {
    (any::<Index>(), 1..=u8::MAX).prop_map(|(offset, with)| Mutation::Byte(offset, with))
}

impl Mutation {
    /// Returns the changed file; `shape` is the offset of the shape in files of its kind.
    pub(super) fn apply(&self, file: &[u8], shape: usize) -> Vec<u8> {
        let mut bytes = file.to_vec();
        match self {
            Self::Byte(offset, with) => bytes[offset.index(file.len())] ^= with,
            Self::Cut(length) => bytes.truncate(length.index(file.len())),
            Self::Grow(more) => bytes.extend(more),
            Self::Version(version) => put(&mut bytes, 8, &version.to_le_bytes()),
            Self::Kind(kind) => put(&mut bytes, 10, &kind.to_le_bytes()),
            Self::HeaderLength(length) => put(&mut bytes, 12, &length.to_le_bytes()),
            Self::ParameterSet(number) => put(&mut bytes, shape, &number.to_le_bytes()),
            Self::Rows(rows) => put(&mut bytes, shape + 2, &rows.to_le_bytes()),
            Self::Slots(slots) => put(&mut bytes, shape + 10, &slots.to_le_bytes()),
        }
        bytes
    }
}

fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    bytes[offset..offset + value.len()].copy_from_slice(value);
}

/// Offset of the first byte after header and padding.
pub(super) fn payload_start(file: &[u8]) -> usize {
    let header = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    (PREAMBLE + header).next_multiple_of(64)
}

/// Replaces the job ID in a dataset or in secrets.
pub(super) fn set_job(file: &mut [u8], job: hestat::package::JobId) {
    put(file, PREAMBLE, &job.bytes());
}

/// The same file with a correct digest at its end, if it is long enough to have one.
pub(super) fn with_digest(mut file: Vec<u8>) -> Vec<u8> {
    if let Some(body) = file.len().checked_sub(DIGEST) {
        let digest = blake3::hash(&file[..body]);
        put(&mut file, body, digest.as_bytes());
    }
    file
}
