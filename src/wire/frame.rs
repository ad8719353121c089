//! Frames: a length, a version, a typed head, and bytes that are moved as they are.
//!
//! ```text
//! u32 length of what follows, big-endian      at most LONGEST_FRAME
//! u8  version                                  1
//! u16 length of the head, big-endian           at most LONGEST_HEAD
//! head                                         bincode, `foundation::codec`
//! body                                         the rest
//! ```

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Encoder, LengthDelimitedCodec};

use crate::foundation::codec::{self, CodecError};

/// The version of frames.
const VERSION: u8 = 1;

/// Bytes of a frame at most, its length not counted.
pub(super) const LONGEST_FRAME: usize = 256 << 10;

/// Bytes of a head at most.
const LONGEST_HEAD: u64 = 4 << 10;

/// Bytes of the length.
const LENGTH: usize = 4;

/// Bytes between the length and the head.
const PREFIX: usize = 3;

/// Cuts a stream into frames.
pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(LONGEST_FRAME).new_codec()
}

/// A frame that is to be sent.
pub(super) struct Frame<'b> {
    head: Vec<u8>,
    body: &'b [u8],
}

impl<'b> Frame<'b> {
    /// With this head and body.
    pub(super) fn new(head: &impl Serialize, body: &'b [u8]) -> Result<Self, CodecError> {
        let frame = Self { head: codec::encode(head, LONGEST_HEAD)?, body };
        if frame.length() > LONGEST_FRAME { Err(CodecError) } else { Ok(frame) }
    }

    fn length(&self) -> usize {
        PREFIX + self.head.len() + self.body.len()
    }
}

/// Writes frames to where they leave from: a body is copied once.
pub(super) struct Frames;

impl Encoder<Frame<'_>> for Frames {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame<'_>, to: &mut BytesMut) -> io::Result<()> {
        let Frame { head, body } = &frame;
        to.reserve(LENGTH + frame.length());
        // Both are bounded.
        to.put_u32(frame.length() as u32);
        to.put_u8(VERSION);
        to.put_u16(head.len() as u16);
        to.put_slice(head);
        to.put_slice(body);
        Ok(())
    }
}

/// Head and body of a frame.
pub(super) fn decode<H: DeserializeOwned>(mut frame: Bytes) -> Result<(H, Bytes), CodecError> {
    if frame.len() < PREFIX || frame.get_u8() != VERSION {
        return Err(CodecError);
    }
    let length = usize::from(frame.get_u16());
    if length > frame.len() {
        return Err(CodecError);
    }
    let head = codec::decode(&frame.split_to(length), LONGEST_HEAD)?;
    Ok((head, frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_util::codec::Decoder;

    /// A frame as it arrives, cut out of the stream.
    fn encode(head: &impl Serialize, body: &[u8]) -> Result<Bytes, CodecError> {
        let mut stream = BytesMut::new();
        Frames.encode(Frame::new(head, body)?, &mut stream).unwrap();
        let frame = codec().decode(&mut stream).unwrap().unwrap();
        assert!(stream.is_empty());
        Ok(frame.freeze())
    }

    #[test]
    fn other_versions_and_lying_heads_are_refused() {
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
        assert_eq!(encode(&7_u32, &vec![0; LONGEST_FRAME]), Err(CodecError));
        assert_eq!(encode(&vec![0_u8; 5000], b""), Err(CodecError));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode::<(u32, Vec<u8>, Option<String>)>(bytes.into());
        }
    }
}
