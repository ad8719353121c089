//! Before what our client does with these servers says anything: they are as strict as they are said to be.

use super::super::peers::{PASSWORD, Peer, SessionReuse, USER};
use crate::programs::{program, run};
use crate::sandbox::{CommandOutput, path};

/// A session of Python's ftplib, which resumes no TLS sessions: what the server says to a login in plain, to data in plain,
/// and to data under TLS.
const SESSION: &str = r#"
import ftplib, os, ssl, sys

def told(attempt, *arguments):
    try:
        return str(attempt(*arguments))
    except ftplib.Error as reply:
        return str(reply)
    except ssl.SSLError as error:
        # pyftpdlib may end the TLS of an empty list before ftplib knows that it has begun; the reply is still to be read.
        if error.reason != "SHUTDOWN_WHILE_IN_INIT":
            raise
        secure.voidresp()
        return "[]"

port, user, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
plain, secure = ftplib.FTP(), ftplib.FTP_TLS(context=context)
plain.connect("127.0.0.1", int(port))
print(told(plain.login, user, os.environ["PASSWORD"]))
secure.connect("127.0.0.1", int(port))
secure.login(user, os.environ["PASSWORD"])
print(told(secure.nlst))
secure.prot_p()
print(told(secure.nlst))
"#;

fn session(peer: &Peer) -> CommandOutput {
    let mut command = program("python3");
    command.args(["-c", SESSION, &peer.port().to_string(), USER, path(peer.certificate())]).env("PASSWORD", PASSWORD);
    run(&mut command).expect_code(0)
}

/// Whether the lines begin so.
#[track_caller]
fn assert_begin(told: &CommandOutput, beginnings: [&str; 3]) {
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(lines.iter().zip(beginnings).all(|(line, begin)| line.starts_with(begin)), "{told:?}");
    assert_eq!(lines.len(), beginnings.len(), "{told:?}");
}

#[test]
fn vsftpd_takes_nothing_in_plain_and_resumed_sessions_only() {
    let peer = Peer::vsftpd(SessionReuse::Required);
    assert_begin(&session(&peer), ["530 Non-anonymous", "522 Data connections must be", "522 SSL connection failed"]);
}

#[test]
fn vsftpd_takes_new_sessions_where_it_is_told_to() {
    let peer = Peer::vsftpd(SessionReuse::NotRequired);
    assert_begin(&session(&peer), ["530 Non-anonymous", "522 Data connections must be", "[]"]);
}

#[test]
fn pyftpdlib_takes_nothing_in_plain() {
    assert_begin(&session(&Peer::pyftpdlib()), ["550 SSL/TLS required", "550 SSL/TLS required", "[]"]);
}
