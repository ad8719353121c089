//! pyftpdlib, an FTP server in Python, with TLS required on all connections.

use std::path::Path;

use super::{PASSWORD, Peer, ServerFiles, USER, ports};
use crate::programs::program;
use crate::python::python;

/// Permissions of the account, in pyftpdlib's notation.
const ALL: &str = "elradfmwMT";
const READ: &str = "elr";

impl Peer {
    /// Starts pyftpdlib.
    pub(in crate::ftp) fn pyftpdlib() -> Self {
        pyftpdlib(ALL)
    }

    /// Starts pyftpdlib with a read-only account.
    pub(in crate::ftp) fn read_only_pyftpdlib() -> Self {
        pyftpdlib(READ)
    }
}

fn pyftpdlib(permissions: &str) -> Peer {
    let (files, port) = (ServerFiles::new(), ports::free_block());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ftp/peers/pyftpdlib_server.py");
    let mut command = program(python().to_str().unwrap());
    command.arg(script).args([port.to_string(), (port + 1).to_string(), ports::last(port).to_string()]);
    command.arg(files.root()).args([files.certificate.file(), files.certificate.key()]).args([USER, permissions]);
    command.env("PASSWORD", PASSWORD);
    Peer::start(command, files, port)
}
