//! Python's ftplib, over its ssl module.

use std::path::Path;

use super::repertoire::stop;
use crate::programs::{program, run};
use crate::sandbox::{TestServer, path};

/// Runs the session in ftplib_session.py, which insists on all that it does.
#[test]
fn ftplib() {
    let served = TestServer::new(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ftp/foreign_clients/ftplib_session.py");
    let mut command = program("python3");
    let port = served.address().port().to_string();
    command.arg(script).args([&port, served.user(), served.certificate(), path(&served.at(""))]);
    let ended = run(command.env("PASSWORD", served.password()));
    assert_eq!(ended.expect_code(0).stdout, "all of it\n");
    stop(served);
}
