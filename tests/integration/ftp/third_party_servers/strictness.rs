//! A control for the other tests here: the servers are as strict as they are configured to be.

use super::super::servers::{PASSWORD, SessionReuse, ThirdPartyServer, USER};
use crate::programs::{program, run};
use crate::sandbox::{CommandOutput, path};

/// A session of Python's ftplib, which does not resume TLS sessions. Prints the server's replies to a login without
/// TLS, to data without TLS, and to data under TLS.
const SESSION: &str = r#"
import ftplib, os, ssl, sys

def result_of(attempt, *arguments):
    try:
        return str(attempt(*arguments))
    except ftplib.Error as reply:
        return str(reply)
    except ssl.SSLError as error:
        # pyftpdlib may end TLS on an empty list before ftplib has seen it begin; the reply is still to be read.
        if error.reason != "SHUTDOWN_WHILE_IN_INIT":
            raise
        secure.voidresp()
        return "[]"

port, user, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
plain, secure = ftplib.FTP(), ftplib.FTP_TLS(context=context)
plain.connect("127.0.0.1", int(port))
print(result_of(plain.login, user, os.environ["PASSWORD"]))
secure.connect("127.0.0.1", int(port))
secure.login(user, os.environ["PASSWORD"])
print(result_of(secure.nlst))
secure.prot_p()
print(result_of(secure.nlst))
"#;

fn session(server: &ThirdPartyServer) -> CommandOutput {
    let mut command = program("python3");
    command
        .args(["-c", SESSION, &server.port().to_string(), USER, path(server.certificate())])
        .env("PASSWORD", PASSWORD);
    run(&mut command).expect_code(0)
}

/// Asserts that the output consists of three lines with these prefixes.
#[track_caller]
fn assert_prefixes(output: &CommandOutput, prefixes: [&str; 3]) {
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines.iter().zip(prefixes).all(|(line, prefix)| line.starts_with(prefix)), "{output:?}");
    assert_eq!(lines.len(), prefixes.len(), "{output:?}");
}

#[test]
fn vsftpd_requires_tls_and_resumed_sessions() {
    let server = ThirdPartyServer::vsftpd(SessionReuse::Required);
    assert_prefixes(
        &session(&server),
        ["530 Non-anonymous", "522 Data connections must be", "522 SSL connection failed"],
    );
}

#[test]
fn vsftpd_accepts_new_sessions_if_configured() {
    let server = ThirdPartyServer::vsftpd(SessionReuse::NotRequired);
    assert_prefixes(&session(&server), ["530 Non-anonymous", "522 Data connections must be", "[]"]);
}

#[test]
fn pyftpdlib_requires_tls() {
    assert_prefixes(&session(&ThirdPartyServer::pyftpdlib()), ["550 SSL/TLS required", "550 SSL/TLS required", "[]"]);
}
