//! TLS configuration of links: version 1.3, X25519MLKEM768, certificates on both sides, no session resumption.

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

/// Name and version of the protocol on a link. Both sides must offer the same (ALPN, RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol(pub &'static str);

/// An identity as TLS presents it: the key and a certificate over it.
#[derive(Debug, Clone)]
pub struct LinkIdentity {
    key: Arc<CertifiedKey>,
    fingerprint: KeyFingerprint,
}

impl LinkIdentity {
    /// Creates the certificate of this key.
    ///
    /// # Errors
    /// [`WireError::Identity`] if no certificate can be created.
    pub fn new(identity: &IdentityKey) -> Result<Self, WireError> {
        Ok(Self { key: certify(identity, any_eddsa_type)?, fingerprint: identity.fingerprint() })
    }

    /// Returns the fingerprint by which peers know this identity.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }
}

/// Offers one key exchange only (draft-ietf-tls-ecdhe-mlkem): both sides are hestat, so there is nothing to negotiate.
fn provider() -> CryptoProvider {
    CryptoProvider { kx_groups: vec![kx_group::X25519MLKEM768], ..default_provider() }
}

/// Configures the listening side. Any peer that proves to have some Ed25519 key passes the handshake.
pub(super) fn tls_acceptor(identity: &LinkIdentity, protocol: Protocol) -> Result<TlsAcceptor, WireError> {
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

/// Configures the connecting side. The verifier is returned because it records the key it rejected.
fn tls_connector(
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

/// Why a handshake of the connecting side failed.
#[derive(Debug)]
pub(super) enum HandshakeFailure {
    /// The peer has this key, which is not the expected one.
    UnexpectedKey(KeyFingerprint),
    /// Any other failure.
    Other(WireError),
}

/// Does the listening side's handshake on `stream` and returns the link.
pub(super) async fn accept_over<S>(
    acceptor: &TlsAcceptor,
    stream: S,
    peer: &str,
    timeouts: Timeouts,
) -> Result<Link, WireError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = with_timeout(timeouts.handshake, peer, Box::pin(acceptor.accept(stream))).await?;
    let fingerprint = verified_fingerprint(stream.get_ref().1, peer)?;
    Ok(Link::new(stream, peer.to_owned(), fingerprint, timeouts.idle))
}

/// Does the connecting side's handshake on `stream` and returns the link.
pub(super) async fn connect_over<S>(
    identity: &LinkIdentity,
    protocol: Protocol,
    expected: ExpectedKey,
    stream: S,
    peer: &str,
    timeouts: Timeouts,
) -> Result<Link, HandshakeFailure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (connector, verifier) = tls_connector(identity, protocol, expected).map_err(HandshakeFailure::Other)?;
    // rustls requires a name; it is neither checked nor sent.
    let name = ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
    let stream = with_timeout(timeouts.handshake, peer, Box::pin(connector.connect(name, stream))).await;
    let stream = stream.map_err(|error| {
        verifier.rejected_key().map_or(HandshakeFailure::Other(error), HandshakeFailure::UnexpectedKey)
    })?;
    let fingerprint = verified_fingerprint(stream.get_ref().1, peer).map_err(HandshakeFailure::Other)?;
    Ok(Link::new(stream, peer.to_owned(), fingerprint, timeouts.idle))
}

/// Timeouts of a link.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the TCP connection, and again for the TLS handshake.
    pub handshake: Duration,
    /// For each frame to be sent or received, keepalives included.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(10), idle: Duration::from_secs(30) }
    }
}

async fn with_timeout<T>(
    limit: Duration,
    peer: &str,
    handshake: impl Future<Output = io::Result<T>>,
) -> Result<T, WireError> {
    match timeout(limit, handshake).await {
        Err(_) => Err(WireError::Timeout { peer: peer.into(), seconds: limit.as_secs() }),
        Ok(outcome) => outcome.map_err(|error| WireError::of_stream(peer, error)),
    }
}

/// Returns the key that the peer has proven to have. Fails if it did not agree on the protocol.
fn verified_fingerprint(connection: &CommonState, peer: &str) -> Result<KeyFingerprint, WireError> {
    let failed = |reason: &str| WireError::Tls { peer: peer.into(), reason: reason.into() };
    connection.alpn_protocol().ok_or_else(|| failed("no common protocol"))?;
    let certificate = connection.peer_certificates().and_then(<[_]>::first).ok_or_else(|| failed("no certificate"))?;
    fingerprint(certificate).map_err(|error| failed(&error.to_string()))
}
