//! pyftpdlib, an FTP server in Python, with TLS required on all connections.

use std::path::Path;

use super::{PASSWORD, PORT_COUNT, ServerFiles, ThirdPartyServer, USER};
use crate::ports::free_ports;
use crate::programs::program;
use crate::python::python;

/// Permissions of the account, in pyftpdlib's notation.
const ALL: &str = "elradfmwMT";
const READ: &str = "elr";

impl ThirdPartyServer {
    /// Starts pyftpdlib.
    pub(in crate::ftp) fn pyftpdlib() -> Self {
        pyftpdlib(ALL)
    }

    /// Starts pyftpdlib with a read-only account.
    pub(in crate::ftp) fn read_only_pyftpdlib() -> Self {
        pyftpdlib(READ)
    }
}

fn pyftpdlib(permissions: &str) -> ThirdPartyServer {
    let (files, ports) = (ServerFiles::new(), free_ports(PORT_COUNT));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ftp/servers/pyftpdlib_server.py");
    let mut command = program(python().to_str().unwrap());
    command.arg(script).args([ports.start, ports.start + 1, ports.end - 1].map(|port| port.to_string()));
    command.arg(files.root()).args([files.certificate.path(), files.certificate.key()]).args([USER, permissions]);
    command.env("PASSWORD", PASSWORD);
    ThirdPartyServer::start(command, files, ports.start)
}
