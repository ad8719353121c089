//! A link: typed frames over an authenticated stream, each with a deadline.
//!
//! Frames have deadlines, connections do not. A peer that has nothing else to send sends keepalives, and all data
//! frames of a chunk except the last are full, so one deadline per frame limits both silence and slowness.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf, split};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::error::WireError;
use super::frame::{self, Frame, FrameEncoder};
use crate::crypto::KeyFingerprint;

/// The transport below a link: TLS over TCP, or a pipe in tests.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection to a peer that has proven its key.
pub struct Link {
    /// Sends frames to the peer.
    pub sender: Sender,
    /// Receives frames from the peer.
    pub receiver: Receiver,
    fingerprint: KeyFingerprint,
    peer: String,
}

/// The sending half of a link.
pub struct Sender {
    frames: FramedWrite<WriteHalf<Box<dyn Stream>>, FrameEncoder>,
    endpoint: Endpoint,
}

/// The receiving half of a link.
pub struct Receiver {
    frames: FramedRead<ReadHalf<Box<dyn Stream>>, LengthDelimitedCodec>,
    endpoint: Endpoint,
}

/// What both halves of a link know.
#[derive(Clone)]
struct Endpoint {
    peer: String,
    idle_timeout: Duration,
    /// Counts the link against its listener's limit until both halves are dropped.
    permit: Option<Arc<OwnedSemaphorePermit>>,
}

impl Link {
    pub(super) fn new(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: String,
        fingerprint: KeyFingerprint,
        idle_timeout: Duration,
    ) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (read, write) = split(stream);
        let endpoint = Endpoint { peer: peer.clone(), idle_timeout, permit: None };
        Self {
            sender: Sender { frames: FramedWrite::new(write, FrameEncoder), endpoint: endpoint.clone() },
            receiver: Receiver { frames: FramedRead::new(read, frame::codec()), endpoint },
            fingerprint,
            peer,
        }
    }

    /// Holds `permit` for as long as the link exists.
    pub(super) fn attach_permit(&mut self, permit: OwnedSemaphorePermit) {
        let permit = Arc::new(permit);
        self.sender.endpoint.permit = Some(Arc::clone(&permit));
        self.receiver.endpoint.permit = Some(permit);
    }

    /// Returns the fingerprint of the key that the peer has proven to have.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// Returns the address of the peer.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Sends a frame without a body, and returns the head of the next frame received.
    ///
    /// # Errors
    /// As [`Sender::send`] and [`Receiver::receive`].
    pub async fn request<A: DeserializeOwned>(&mut self, head: &impl Serialize) -> Result<A, WireError> {
        self.sender.send(head, b"").await?;
        Ok(self.receiver.receive().await?.0)
    }
}

impl Sender {
    /// Sends a frame with a small head and a body.
    ///
    /// # Errors
    /// [`WireError::Timeout`] if the peer does not take it within the idle timeout, [`WireError::ProtocolViolation`] if
    /// our own frame is too long (the error then blames the peer, so callers respect the limit),
    /// [`WireError::ConnectionLost`] or [`WireError::Tls`] if the connection fails.
    pub async fn send(&mut self, head: &impl Serialize, body: &[u8]) -> Result<(), WireError> {
        let frame = Frame::new(head, body).map_err(|_| self.endpoint.protocol_violation())?;
        self.endpoint.with_timeout(self.frames.send(frame)).await
    }

    /// Closes this direction; the peer sees the end of the stream.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub async fn close(&mut self) -> Result<(), WireError> {
        self.endpoint.with_timeout(SinkExt::<Frame<'_>>::close(&mut self.frames)).await
    }
}

impl Receiver {
    /// Receives the next frame. All of it must arrive within the idle timeout.
    ///
    /// # Errors
    /// [`WireError::Timeout`] if it does not arrive in time, [`WireError::ProtocolViolation`] if it is malformed,
    /// [`WireError::ConnectionLost`] if the connection fails or the peer has closed the link, [`WireError::Tls`].
    pub async fn receive<H: DeserializeOwned>(&mut self) -> Result<(H, Bytes), WireError> {
        self.receive_within(self.endpoint.idle_timeout).await
    }

    /// Like [`Receiver::receive`], with another timeout.
    pub(super) async fn receive_within<H: DeserializeOwned>(
        &mut self,
        timeout: Duration,
    ) -> Result<(H, Bytes), WireError> {
        let endpoint = Endpoint { idle_timeout: timeout, ..self.endpoint.clone() };
        let next = async {
            let frame = self.frames.next().await;
            frame.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
        };
        let frame = endpoint.with_timeout(next).await?;
        frame::decode(frame.freeze()).map_err(|_| endpoint.protocol_violation())
    }

    /// Waits without a timeout until the connection fails or the peer sends anything, which it must not do now.
    pub(super) async fn failure(&mut self) -> WireError {
        match self.frames.next().await {
            Some(Ok(_)) => self.endpoint.protocol_violation(),
            Some(Err(error)) => WireError::of_stream(&self.endpoint.peer, error),
            None => WireError::of_stream(&self.endpoint.peer, io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Returns the error for a frame that the protocol does not allow at this point.
    pub fn protocol_violation(&self) -> WireError {
        self.endpoint.protocol_violation()
    }
}

impl Endpoint {
    async fn with_timeout<T>(&self, work: impl Future<Output = io::Result<T>>) -> Result<T, WireError> {
        match timeout(self.idle_timeout, work).await {
            Err(_) => Err(WireError::Timeout { peer: self.peer.clone(), seconds: self.idle_timeout.as_secs() }),
            Ok(outcome) => outcome.map_err(|error| WireError::of_stream(&self.peer, error)),
        }
    }

    fn protocol_violation(&self) -> WireError {
        WireError::ProtocolViolation { peer: self.peer.clone() }
    }
}
