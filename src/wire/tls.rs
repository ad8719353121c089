//! TLS as links have it: version 1.3, X25519MLKEM768, certificates on both sides, nothing that outlives the connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::sign::any_eddsa_type;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::ServerName;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, CommonState, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificate::certify;
use super::error::WireError;
use super::link::Link;
use super::verifier::{ExpectedKey, PeerVerifier, fingerprint};
use crate::crypto::{IdentityKey, KeyFingerprint};

/// What is spoken on a link, with its version: both sides must name the same (ALPN, RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol(pub &'static str);

/// An identity that links show.
#[derive(Debug, Clone)]
pub struct LinkIdentity {
    key: Arc<CertifiedKey>,
    fingerprint: KeyFingerprint,
}

impl LinkIdentity {
    /// That of this key.
    ///
    /// # Errors
    /// [`WireError::Identity`] if no certificate can be made of it.
    pub fn new(identity: &IdentityKey) -> Result<Self, WireError> {
        Ok(Self { key: certify(identity, any_eddsa_type)?, fingerprint: identity.fingerprint() })
    }

    /// What it is known by.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }
}

/// Both ends are ours, so there is nothing to negotiate about the key exchange (draft-ietf-tls-ecdhe-mlkem).
fn provider() -> CryptoProvider {
    CryptoProvider { kx_groups: vec![kx_group::X25519MLKEM768], ..default_provider() }
}

/// The listening side's TLS. Whoever proves to have some Ed25519 key passes.
pub(super) fn acceptor(identity: &LinkIdentity, protocol: Protocol) -> Result<TlsAcceptor, WireError> {
    let provider = provider();
    let verifier = Arc::new(PeerVerifier::new(ExpectedKey::Any, provider.signature_verification_algorithms));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| WireError::Identity(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver(identity) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![protocol.0.into()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The connecting side's TLS, and who judges the other side's key in it.
fn connector(
    identity: &LinkIdentity,
    protocol: Protocol,
    expected: ExpectedKey,
) -> Result<(TlsConnector, Arc<PeerVerifier>), WireError> {
    let provider = provider();
    let verifier = Arc::new(PeerVerifier::new(expected, provider.signature_verification_algorithms));
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| WireError::Identity(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
        .with_client_cert_resolver(resolver(identity) as Arc<dyn ResolvesClientCert>);
    config.alpn_protocols = vec![protocol.0.into()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok((TlsConnector::from(Arc::new(config)), verifier))
}

fn resolver(identity: &LinkIdentity) -> Arc<SingleCertAndKey> {
    Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key)))
}

/// How a handshake of the connecting side failed.
#[derive(Debug)]
pub(super) enum HandshakeFailure {
    /// The other side has this key, which was not expected.
    Refused(KeyFingerprint),
    /// Anything else.
    Other(WireError),
}

/// Makes a link on `stream` as the listening side.
pub(super) async fn accept_over<S>(
    acceptor: &TlsAcceptor,
    stream: S,
    peer: &str,
    patience: Timeouts,
) -> Result<Link, WireError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = within(patience.handshake, peer, Box::pin(acceptor.accept(stream))).await?;
    let fingerprint = proven(stream.get_ref().1, peer)?;
    Ok(Link::new(stream, peer.to_owned(), fingerprint, patience.silence))
}

/// Makes a link on `stream` as the connecting side.
pub(super) async fn connect_over<S>(
    identity: &LinkIdentity,
    protocol: Protocol,
    expected: ExpectedKey,
    stream: S,
    peer: &str,
    patience: Timeouts,
) -> Result<Link, HandshakeFailure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (connector, verifier) = connector(identity, protocol, expected).map_err(HandshakeFailure::Other)?;
    // Names mean nothing here, and none is sent.
    let name = ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
    let stream = within(patience.handshake, peer, Box::pin(connector.connect(name, stream))).await;
    let stream =
        stream.map_err(|error| verifier.refused().map_or(HandshakeFailure::Other(error), HandshakeFailure::Refused))?;
    let fingerprint = proven(stream.get_ref().1, peer).map_err(HandshakeFailure::Other)?;
    Ok(Link::new(stream, peer.to_owned(), fingerprint, patience.silence))
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, and again for the handshake.
    pub handshake: Duration,
    /// For each frame, and each sign of life.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(10), silence: Duration::from_secs(30) }
    }
}

async fn within<T>(
    patience: Duration,
    peer: &str,
    handshake: impl Future<Output = io::Result<T>>,
) -> Result<T, WireError> {
    match timeout(patience, handshake).await {
        Err(_) => Err(WireError::Timeout { peer: peer.into(), seconds: patience.as_secs() }),
        Ok(outcome) => outcome.map_err(|error| WireError::of_stream(peer, error)),
    }
}

/// The key that the other side has proven to have; and it speaks the protocol, or there is no link.
fn proven(connection: &CommonState, peer: &str) -> Result<KeyFingerprint, WireError> {
    let failed = |reason: &str| WireError::Tls { peer: peer.into(), reason: reason.into() };
    connection.alpn_protocol().ok_or_else(|| failed("it names no protocol"))?;
    let certificate = connection.peer_certificates().and_then(<[_]>::first).ok_or_else(|| failed("no certificate"))?;
    fingerprint(certificate).map_err(|error| failed(&error.to_string()))
}
