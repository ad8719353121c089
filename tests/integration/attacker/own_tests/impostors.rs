//! Impostors: who checks refuses them, and who does not is read.

use std::io;

use rustls::pki_types::CertificateDer;

use super::super::belief::Belief;
use super::super::credentials::{Credentials, certificate_of};
use super::super::echo::PROTOCOL;
use super::super::impostor::{Impostor, certificate_at};
use super::super::{Attacker, Direction, Manipulation, Recording};
use super::Pair;

const WORDS: &[u8] = b"for the two of us alone";

/// A conversation in whose middle the impostor sits, and what that one has read.
#[track_caller]
fn converse(pair: &Pair, impostor: Impostor) -> (io::Result<Vec<u8>>, Recording) {
    let attacker = Attacker::before(pair.echo.address, move |_| Manipulation::Terminate(impostor.clone()));
    let heard = pair.client.converse(attacker.address(), &[WORDS]);
    assert_eq!((attacker.connections(), attacker.struck()), (1, 1));
    (heard, attacker.finished(0))
}

/// Every certificate that names the other's key, without that key.
fn stolen(of: &Credentials) -> [CertificateDer<'static>; 2] {
    [of.certificate.clone(), certificate_of(of.public_key())]
}

#[test]
fn another_key_is_refused_by_a_client_that_pins() {
    let pair = Pair::new();
    let (heard, recording) = converse(&pair, Impostor::new());
    heard.unwrap_err();
    assert!(recording.pieces().is_empty());
    assert!(recording.refusal(Direction::ToClient).unwrap().contains("alert"), "{recording:?}");
}

#[test]
fn a_certificate_without_its_key_is_refused_by_a_client_that_checks() {
    let pair = Pair::new();
    assert_eq!(certificate_at(pair.echo.address, PROTOCOL).unwrap(), pair.server.certificate);
    for certificate in stolen(&pair.server) {
        let (heard, recording) = converse(&pair, Impostor::new().showing_clients(certificate));
        heard.unwrap_err();
        assert!(recording.pieces().is_empty());
        assert!(recording.refusal(Direction::ToClient).unwrap().contains("alert"), "{recording:?}");
    }
}

/// Else the refusals above would prove nothing.
#[test]
fn a_certificate_without_its_key_fools_a_client_that_does_not_check() {
    let pair = Pair::believing(Belief::Shown, |_| Belief::Anybody);
    for certificate in stolen(&pair.server) {
        let (heard, recording) = converse(&pair, Impostor::new().showing_clients(certificate));
        assert_eq!(heard.unwrap(), WORDS);
        assert!(recording.holds(WORDS));
    }
    let (heard, _) = converse(&pair, Impostor::new());
    heard.unwrap_err();
}

#[test]
fn a_client_that_believes_everybody_is_read() {
    let pair = Pair::believing(|_| Belief::Anybody, |_| Belief::Anybody);
    let (heard, recording) = converse(&pair, Impostor::new());
    assert_eq!(heard.unwrap(), WORDS);
    for direction in Direction::BOTH {
        assert_eq!(recording.bytes(direction), WORDS);
    }
}

#[test]
fn a_server_that_pins_does_not_hear_the_client_through_an_impostor() {
    let pair = Pair::believing(|_| Belief::Anybody, Belief::Holder);
    for impostor in stolen(&pair.client.credentials).map(|stolen| Impostor::new().showing_servers(stolen)) {
        let (heard, recording) = converse(&pair, impostor);
        heard.unwrap_err();
        assert_eq!(
            (recording.bytes(Direction::ToServer), recording.bytes(Direction::ToClient)),
            (WORDS.into(), vec![])
        );
        assert!(recording.refusal(Direction::ToServer).is_some(), "{recording:?}");
    }
    assert!(pair.echo.guests().iter().all(|guest| guest.heard.is_empty()));
}

#[test]
fn a_server_that_checks_refuses_callers_without_the_key() {
    let pair = Pair::new();
    let call = |impostor: Impostor| impostor.call(pair.echo.address, PROTOCOL, WORDS);
    call(Impostor::new()).unwrap_err();
    for certificate in stolen(&pair.client.credentials) {
        let refusal = call(Impostor::new().showing_servers(certificate)).unwrap_err();
        assert!(refusal.to_string().contains("alert"), "{refusal}");
    }
    assert!(pair.echo.guests().iter().all(|guest| guest.heard.is_empty()));
}

#[test]
fn a_server_that_does_not_check_answers_them() {
    let pair = Pair::believing(Belief::Holder, Belief::Shown);
    let call = |impostor: Impostor| impostor.call(pair.echo.address, PROTOCOL, WORDS);
    for certificate in stolen(&pair.client.credentials) {
        assert_eq!(call(Impostor::new().showing_servers(certificate)).unwrap(), WORDS);
    }
    call(Impostor::new()).unwrap_err();
}
