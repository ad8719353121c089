//! The frames on a link: a length, a version, a typed head, and a body of raw bytes.
//!
//! ```text
//! u32 length of what follows, big-endian      at most MAX_FRAME_BYTES
//! u8  version                                  1
//! u16 length of the head, big-endian           at most MAX_HEAD_BYTES
//! head                                         bincode, `foundation::codec`
//! body                                         the rest
//! ```

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Encoder, LengthDelimitedCodec};

use crate::foundation::codec::{self, CodecError};

/// Version of the frame format.
const VERSION: u8 = 1;

/// Maximum size of a frame, without the length field.
pub(super) const MAX_FRAME_BYTES: usize = 256 << 10;

/// Maximum size of an encoded head.
const MAX_HEAD_BYTES: u64 = 4 << 10;

/// Size of the length field.
const LENGTH_BYTES: usize = 4;

/// Size of the version and the head's length.
const PREFIX_BYTES: usize = 3;

/// Splits a stream into frames.
pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME_BYTES).new_codec()
}

/// A frame to send.
pub(super) struct Frame<'b> {
    head: Vec<u8>,
    body: &'b [u8],
}

impl<'b> Frame<'b> {
    /// Encodes the head. Fails if head or frame exceed their maximum size.
    pub(super) fn new(head: &impl Serialize, body: &'b [u8]) -> Result<Self, CodecError> {
        let frame = Self { head: codec::encode(head, MAX_HEAD_BYTES)?, body };
        if frame.length() > MAX_FRAME_BYTES { Err(CodecError) } else { Ok(frame) }
    }

    fn length(&self) -> usize {
        PREFIX_BYTES + self.head.len() + self.body.len()
    }
}

/// Writes frames to the send buffer; each body is copied once.
pub(super) struct FrameEncoder;

impl Encoder<Frame<'_>> for FrameEncoder {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame<'_>, to: &mut BytesMut) -> io::Result<()> {
        let Frame { head, body } = &frame;
        to.reserve(LENGTH_BYTES + frame.length());
        // Both casts are lossless: `Frame::new` checks the sizes.
        to.put_u32(frame.length() as u32);
        to.put_u8(VERSION);
        to.put_u16(head.len() as u16);
        to.put_slice(head);
        to.put_slice(body);
        Ok(())
    }
}

/// Splits a frame into head and body.
pub(super) fn decode<H: DeserializeOwned>(mut frame: Bytes) -> Result<(H, Bytes), CodecError> {
    if frame.len() < PREFIX_BYTES || frame.get_u8() != VERSION {
        return Err(CodecError);
    }
    let length = usize::from(frame.get_u16());
    if length > frame.len() {
        return Err(CodecError);
    }
    let head = codec::decode(&frame.split_to(length), MAX_HEAD_BYTES)?;
    Ok((head, frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_util::codec::Decoder;

    /// Encodes a frame and takes it out of the stream as the receiver does.
    fn encode(head: &impl Serialize, body: &[u8]) -> Result<Bytes, CodecError> {
        let mut stream = BytesMut::new();
        FrameEncoder.encode(Frame::new(head, body)?, &mut stream).unwrap();
        let frame = codec().decode(&mut stream).unwrap().unwrap();
        assert!(stream.is_empty());
        Ok(frame.freeze())
    }

    #[test]
    fn other_versions_and_wrong_lengths_are_rejected() {
        let frame = encode(&7_u32, b"body").unwrap();
        assert_eq!(decode(frame.clone()), Ok((7_u32, Bytes::from_static(b"body"))));
        let altered = |at: usize, byte: u8| {
            let mut bytes = frame.to_vec();
            bytes[at] = byte;
            decode::<u32>(bytes.into())
        };
        for (at, byte) in [(0, 0), (0, 2), (1, 1), (2, 3), (2, 5), (2, 200)] {
            assert_eq!(altered(at, byte), Err(CodecError), "{at} {byte}");
        }
        assert_eq!(decode::<u32>(frame.slice(..2)), Err(CodecError));
        assert_eq!(encode(&7_u32, &vec![0; MAX_FRAME_BYTES]), Err(CodecError));
        assert_eq!(encode(&vec![0_u8; 5000], b""), Err(CodecError));
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode::<(u32, Vec<u8>, Option<String>)>(bytes.into());
        }
    }
}
