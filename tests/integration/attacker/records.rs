//! TLS records as anybody on the wire can tell them apart (RFC 8446 §5.1).

/// Type, version and length.
const HEADER: usize = 5;

/// Finds the records in bytes that come in any pieces.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// What has come of the next one.
    begun: Vec<u8>,
}

impl Records {
    /// Takes bytes; gives the records that are whole now, each with its header.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.begun.extend(bytes);
        std::iter::from_fn(|| self.next()).collect()
    }

    /// What came after the last whole record.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.begun)
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let (header, rest) = self.begun.split_first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        (rest.len() >= length).then(|| self.begun.drain(..HEADER + length).collect())
    }
}

/// A record of this type (RFC 8446 §B.1) with any content.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], content].concat()
}
