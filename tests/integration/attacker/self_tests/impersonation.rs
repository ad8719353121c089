//! Impersonation: sides that verify certificates reject it, and the attacker reads the data of those that do not.

use std::io;

use rustls::pki_types::CertificateDer;

use super::super::credentials::{Credentials, certificate_of};
use super::super::echo::PROTOCOL;
use super::super::impersonation::{Impersonator, certificate_at};
use super::super::verifier::TestVerifier;
use super::super::{Attacker, Direction, Manipulation, Recording};
use super::Pair;

const CONTENT: &[u8] = b"for the two of us alone";

/// Exchanges content through a man in the middle. Returns the client's outcome and the recording.
#[track_caller]
fn exchange(pair: &Pair, impersonator: Impersonator) -> (io::Result<Vec<u8>>, Recording) {
    let attacker = Attacker::before(pair.echo.address, move |_| Manipulation::Terminate(impersonator.clone()));
    let answer = pair.client.exchange(attacker.address(), &[CONTENT]);
    assert_eq!((attacker.connections(), attacker.manipulations()), (1, 1));
    (answer, attacker.finished(0))
}

/// Certificates of a key that the attacker does not have: the genuine one and a forged one.
fn certificates_without_key(of: &Credentials) -> [CertificateDer<'static>; 2] {
    [of.certificate.clone(), certificate_of(of.public_key())]
}

#[test]
fn a_client_that_pins_rejects_another_key() {
    let pair = Pair::new();
    let (answer, recording) = exchange(&pair, Impersonator::new());
    answer.unwrap_err();
    assert!(recording.reads().is_empty());
    assert!(recording.rejection(Direction::ToClient).unwrap().contains("alert"), "{recording:?}");
}

#[test]
fn a_client_that_checks_rejects_a_certificate_without_its_key() {
    let pair = Pair::new();
    assert_eq!(certificate_at(pair.echo.address, PROTOCOL).unwrap(), pair.server.certificate);
    for certificate in certificates_without_key(&pair.server) {
        let (answer, recording) = exchange(&pair, Impersonator::new().with_server_certificate(certificate));
        answer.unwrap_err();
        assert!(recording.reads().is_empty());
        assert!(recording.rejection(Direction::ToClient).unwrap().contains("alert"), "{recording:?}");
    }
}

/// Otherwise the rejections above would prove nothing.
#[test]
fn a_client_that_does_not_check_accepts_a_certificate_without_its_key() {
    let pair = Pair::with_verifiers(TestVerifier::PinOnly, |_| TestVerifier::AcceptAny);
    for certificate in certificates_without_key(&pair.server) {
        let (answer, recording) = exchange(&pair, Impersonator::new().with_server_certificate(certificate));
        assert_eq!(answer.unwrap(), CONTENT);
        assert!(recording.contains(CONTENT));
    }
    let (answer, _) = exchange(&pair, Impersonator::new());
    answer.unwrap_err();
}

#[test]
fn a_client_that_accepts_any_key_is_read() {
    let pair = Pair::with_verifiers(|_| TestVerifier::AcceptAny, |_| TestVerifier::AcceptAny);
    let (answer, recording) = exchange(&pair, Impersonator::new());
    assert_eq!(answer.unwrap(), CONTENT);
    for direction in Direction::BOTH {
        assert_eq!(recording.bytes(direction), CONTENT);
    }
}

#[test]
fn a_server_that_pins_receives_nothing_through_a_man_in_the_middle() {
    let pair = Pair::with_verifiers(|_| TestVerifier::AcceptAny, TestVerifier::PinAndSignature);
    for impersonator in certificates_without_key(&pair.client.credentials)
        .map(|certificate| Impersonator::new().with_client_certificate(certificate))
    {
        let (answer, recording) = exchange(&pair, impersonator);
        answer.unwrap_err();
        assert_eq!(
            (recording.bytes(Direction::ToServer), recording.bytes(Direction::ToClient)),
            (CONTENT.into(), vec![])
        );
        assert!(recording.rejection(Direction::ToServer).is_some(), "{recording:?}");
    }
    assert!(pair.echo.sessions().iter().all(|session| session.received.is_empty()));
}

#[test]
fn a_server_that_checks_rejects_clients_without_the_key() {
    let pair = Pair::new();
    let request = |impersonator: Impersonator| impersonator.request(pair.echo.address, PROTOCOL, CONTENT);
    request(Impersonator::new()).unwrap_err();
    for certificate in certificates_without_key(&pair.client.credentials) {
        let rejection = request(Impersonator::new().with_client_certificate(certificate)).unwrap_err();
        assert!(rejection.to_string().contains("alert"), "{rejection}");
    }
    assert!(pair.echo.sessions().iter().all(|session| session.received.is_empty()));
}

#[test]
fn a_server_that_does_not_check_answers_them() {
    let pair = Pair::with_verifiers(TestVerifier::PinAndSignature, TestVerifier::PinOnly);
    let request = |impersonator: Impersonator| impersonator.request(pair.echo.address, PROTOCOL, CONTENT);
    for certificate in certificates_without_key(&pair.client.credentials) {
        assert_eq!(request(Impersonator::new().with_client_certificate(certificate)).unwrap(), CONTENT);
    }
    request(Impersonator::new()).unwrap_err();
}
