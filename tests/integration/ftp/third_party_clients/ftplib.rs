//! Python's ftplib, with the ssl module.

use std::path::Path;

use super::scenario::stop;
use crate::programs::{program, run};
use crate::sandbox::{TestServer, path};

/// Runs ftplib_session.py, which checks the result of every step.
#[test]
fn common_operations_by_ftplib() {
    let served = TestServer::new(&[]);
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ftp/third_party_clients/ftplib_session.py");
    let mut command = program("python3");
    let port = served.address().port().to_string();
    command.arg(script).args([&port, served.user(), served.certificate(), path(&served.at(""))]);
    let output = run(command.env("PASSWORD", served.password()));
    assert_eq!(output.expect_code(0).stdout, "all passed\n");
    stop(served);
}
