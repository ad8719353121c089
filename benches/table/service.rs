//! hestat's FTPS server in this process, and the configuration of its client.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use hestat::foundation::secret::Secret;
use hestat::keystore::ServerIdentity;
use hestat::transfer::serve::{AccessPolicy, Action, FtpService, ServeOptions};
use hestat::transfer::{ConnectParameters, Connector, FtpAddress, Location, ServerTrust};

const USER: &str = "hestat";
const PASSWORD: &str = "benchmark";

/// hestat's FTPS server on a free port of the loopback interface.
pub(crate) struct Service(FtpService);

impl Service {
    /// Serves the directory `root`.
    pub(crate) fn start(root: &Path) -> Self {
        let identity = ServerIdentity::generate(&["localhost".into()]).expect("a valid host name");
        let password = Secret::new(PASSWORD.into());
        let options = ServeOptions::on_loopback(root.into(), USER, password, identity.certificate, identity.key);
        Self(FtpService::start(options, Arc::new(PermitAll)).expect("there is a free port"))
    }

    pub(crate) fn location(&self) -> Location {
        location(USER, self.0.address().port())
    }

    pub(crate) fn connector(&self) -> Connector {
        let trust = ServerTrust::Pinned { fingerprints: vec![self.0.fingerprint()], source: "this process".into() };
        connector(trust, PASSWORD.into())
    }
}

/// Returns the location of an account on this machine.
pub(crate) fn location(user: &str, port: u16) -> Location {
    let host = Ipv4Addr::LOCALHOST.to_string();
    Location::Ftp(FtpAddress { uses_tls: true, user: user.into(), host, port, path: String::new() })
}

pub(crate) fn connector(trust: ServerTrust, password: String) -> Connector {
    Connector::new(ConnectParameters {
        trust,
        password: Box::new(move |_, _| Ok(Secret::new(password.clone()))),
        ..ConnectParameters::default()
    })
}

/// A policy that permits everything and ignores uploads.
struct PermitAll;

impl AccessPolicy for PermitAll {
    fn permits(&self, _: Action, _: &[String]) -> bool {
        true
    }

    fn on_change(&self) {}
}
