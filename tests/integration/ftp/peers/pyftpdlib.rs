//! pyftpdlib, the FTP server of the Python world, with TLS required on all connections.

use std::path::Path;

use super::{PASSWORD, Peer, Place, USER, ports};
use crate::programs::program;
use crate::python::python;

/// What the account may do, in pyftpdlib's letters.
const ALL: &str = "elradfmwMT";
const READ: &str = "elr";

impl Peer {
    /// pyftpdlib.
    pub(in crate::ftp) fn pyftpdlib() -> Self {
        pyftpdlib(ALL)
    }

    /// pyftpdlib with an account that may only read.
    pub(in crate::ftp) fn read_only_pyftpdlib() -> Self {
        pyftpdlib(READ)
    }
}

fn pyftpdlib(permissions: &str) -> Peer {
    let (place, port) = (Place::new(), ports::free_block());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ftp/peers/pyftpdlib_server.py");
    let mut command = program(python().to_str().unwrap());
    command.arg(script).args([port.to_string(), (port + 1).to_string(), ports::last(port).to_string()]);
    command.arg(place.root()).args([place.certificate.file(), place.certificate.key()]).args([USER, permissions]);
    command.env("PASSWORD", PASSWORD);
    Peer::start(command, place, port)
}
