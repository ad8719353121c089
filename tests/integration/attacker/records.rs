//! TLS records as an observer of the network sees them (RFC 8446 §5.1).

/// Bytes of a record's header: type, version and length.
const HEADER_BYTES: usize = 5;

/// Splits a stream of bytes into records.
#[derive(Debug, Default)]
pub(super) struct RecordParser {
    /// The part of the next record received so far.
    incomplete: Vec<u8>,
}

impl RecordParser {
    /// Adds bytes and returns the records that are complete now, each with its header.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.incomplete.extend(bytes);
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Takes the bytes after the last complete record.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.incomplete)
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let (header, rest) = self.incomplete.split_first_chunk::<HEADER_BYTES>()?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        (rest.len() >= length).then(|| self.incomplete.drain(..HEADER_BYTES + length).collect())
    }
}

/// Builds a record of this type (RFC 8446 §B.1) with any content.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], content].concat()
}
