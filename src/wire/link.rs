//! A link: typed frames over a stream whose other end is known, each with a deadline.

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
use super::frame::{self, Frame, Frames};
use crate::crypto::KeyFingerprint;

/// What links run over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Both directions to a peer that has proven its key.
pub struct Link {
    /// From us to the peer.
    pub sender: Sender,
    /// From the peer to us.
    pub receiver: Receiver,
    fingerprint: KeyFingerprint,
    peer: String,
}

/// The way to the peer.
pub struct Sender {
    frames: FramedWrite<WriteHalf<Box<dyn Stream>>, Frames>,
    end: Endpoint,
}

/// The way from the peer.
pub struct Receiver {
    frames: FramedRead<ReadHalf<Box<dyn Stream>>, LengthDelimitedCodec>,
    end: Endpoint,
}

/// What is known of the other end.
#[derive(Clone)]
struct Endpoint {
    peer: String,
    silence: Duration,
    /// Where links are counted: given back when both directions are gone.
    place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Link {
    pub(super) fn new(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: String,
        fingerprint: KeyFingerprint,
        silence: Duration,
    ) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (read, write) = split(stream);
        let end = Endpoint { peer: peer.clone(), silence, place: None };
        Self {
            sender: Sender { frames: FramedWrite::new(write, Frames), end: end.clone() },
            receiver: Receiver { frames: FramedRead::new(read, frame::codec()), end },
            fingerprint,
            peer,
        }
    }

    /// Takes up `place` for as long as it exists.
    pub(super) fn attach_permit(&mut self, place: OwnedSemaphorePermit) {
        let place = Arc::new(place);
        self.sender.end.place = Some(Arc::clone(&place));
        self.receiver.end.place = Some(place);
    }

    /// The key that the peer has proven to have.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// Where the peer is.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Sends one frame and awaits one.
    ///
    /// # Errors
    /// As [`Sender::send`] and [`Receiver::receive`].
    pub async fn request<A: DeserializeOwned>(&mut self, head: &impl Serialize) -> Result<A, WireError> {
        self.sender.send(head, b"").await?;
        Ok(self.receiver.receive().await?.0)
    }
}

impl Sender {
    /// Sends a frame: a small head, and bytes.
    ///
    /// # Errors
    /// [`WireError::Timeout`] if the peer does not take it within the deadline, [`WireError::ProtocolViolation`] if it is too long for
    /// a frame, [`WireError::ConnectionLost`], [`WireError::Tls`].
    pub async fn send(&mut self, head: &impl Serialize, body: &[u8]) -> Result<(), WireError> {
        let frame = Frame::new(head, body).map_err(|_| self.end.malformed())?;
        self.end.within(self.frames.send(frame)).await
    }

    /// Tells the peer that nothing more comes.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub async fn close(&mut self) -> Result<(), WireError> {
        self.end.within(SinkExt::<Frame<'_>>::close(&mut self.frames)).await
    }
}

impl Receiver {
    /// The next frame. It must be there, as a whole, within the deadline: a peer that has nothing to say says so.
    ///
    /// # Errors
    /// [`WireError::Timeout`], [`WireError::ProtocolViolation`], [`WireError::ConnectionLost`] also when the peer has ended the link,
    /// [`WireError::Tls`].
    pub async fn receive<H: DeserializeOwned>(&mut self) -> Result<(H, Bytes), WireError> {
        let silence = self.end.silence;
        self.receive_within(silence).await
    }

    /// Returns when the peer is gone, or says anything: it is not its turn.
    pub(super) async fn failure(&mut self) -> WireError {
        match self.frames.next().await {
            Some(Ok(_)) => self.end.malformed(),
            Some(Err(error)) => WireError::of_stream(&self.end.peer, error),
            None => WireError::of_stream(&self.end.peer, std::io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The error for a frame that has no place in the conversation.
    pub fn protocol_violation(&self) -> WireError {
        self.end.malformed()
    }

    /// The same with another deadline than the usual one.
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub async fn receive_within<H: DeserializeOwned>(&mut self, patience: Duration) -> Result<(H, Bytes), WireError> {
        let end = Endpoint { silence: patience, ..self.end.clone() };
        let next = async {
            let frame = self.frames.next().await;
            frame.unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()))
        };
        let frame = end.within(next).await?;
        frame::decode(frame.freeze()).map_err(|_| end.malformed())
    }
}

impl Endpoint {
    async fn within<T>(&self, work: impl Future<Output = std::io::Result<T>>) -> Result<T, WireError> {
        match timeout(self.silence, work).await {
            Err(_) => Err(WireError::Timeout { peer: self.peer.clone(), seconds: self.silence.as_secs() }),
            Ok(outcome) => outcome.map_err(|error| WireError::of_stream(&self.peer, error)),
        }
    }

    fn malformed(&self) -> WireError {
        WireError::ProtocolViolation { peer: self.peer.clone() }
    }
}
