//! The command loop of a session: reads commands one by one and runs them (RFC 959, 2228, 2389, 2428, 3659, 4217).

use std::borrow::Cow;
use std::io;

use super::super::deadline::CloseReason;
use super::client_session::{ClientSession, NextAction};
use super::data::DataCommand;
use super::files::FileCommand;

/// Commands that a client may send before it logs in; honest clients send fewer.
const MAX_COMMANDS_BEFORE_LOGIN: u32 = 20;

/// Runs commands until one side ends the session. If the server does, its last reply states the reason: 421, 500 for a
/// line that is too long, or 530 after too many failed logins. After a failed TLS handshake, no reply is possible.
pub(super) fn run(mut session: ClientSession<'_>) -> io::Result<()> {
    let outcome = command_loop(&mut session);
    if let Some(reason) = session.connection.deadline.close_reason() {
        let text = close_text(&session, reason);
        session.control.close_with(421, text);
    }
    outcome
}

fn close_text(session: &ClientSession<'_>, reason: CloseReason) -> &'static str {
    match (reason, session.user.is_some()) {
        _ if session.shared.is_stopping() => "Server shutting down, closing control connection.",
        (CloseReason::Expired, false) => "Login timeout, closing control connection.",
        (CloseReason::Expired, true) => "Timeout, closing control connection.",
        (CloseReason::Requested, false) => "Too many connections, closing control connection.",
        (CloseReason::Requested, true) => "Another connection continues this upload, closing control connection.",
    }
}

fn command_loop(session: &mut ClientSession<'_>) -> io::Result<()> {
    session.control.reply(220, "hestat FTP server ready.")?;
    let mut commands_before_login = 0;
    // Commands that were received before the connection was closed are not run any more.
    while session.connection.deadline.close_reason().is_none() {
        if session.user.is_some() {
            session.connection.deadline.set_timeout(session.shared.limits.idle);
        }
        let line = match session.control.read_line() {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return session.control.reply(500, "Command line too long.");
            }
            line => line?,
        };
        let Some(line) = line else { return Ok(()) };
        if session.user.is_some() {
            session.connection.deadline.set_timeout(session.shared.limits.transfer);
        } else {
            commands_before_login += 1;
            if commands_before_login > MAX_COMMANDS_BEFORE_LOGIN {
                return session.control.reply(421, "Too many commands without a login, closing control connection.");
            }
        }
        match execute(session, &line)? {
            NextAction::ReadCommand => {}
            NextAction::StartTls => {
                session.control.start_tls(&session.shared.tls)?;
                session.uses_tls = true;
            }
            NextAction::Close => return Ok(()),
        }
    }
    Ok(())
}

fn execute(session: &mut ClientSession<'_>, line: &[u8]) -> io::Result<NextAction> {
    let (verb, argument) = split_command(line);
    let verb = verb.to_ascii_uppercase();
    if verb != "RNTO" {
        session.rename_from = None;
    }
    let Ok(argument) = std::str::from_utf8(argument) else {
        return reply_not_utf8(session, &verb).map(|()| NextAction::ReadCommand);
    };
    match verb.as_str() {
        "QUIT" => {
            session.control.reply(221, "Goodbye.")?;
            return Ok(NextAction::Close);
        }
        "AUTH" => return session.handle_auth(argument),
        "USER" => return session.handle_user(argument),
        "PASS" => return session.handle_pass(argument),
        "PBSZ" => session.control.reply(200, "PBSZ=0")?,
        "PROT" => session.handle_prot(argument)?,
        "NOOP" => session.control.reply(200, "NOOP command successful.")?,
        "FEAT" => session.handle_feat()?,
        "SYST" => session.control.reply(215, "UNIX Type: L8")?,
        "HELP" => session.control.reply(214, "hestat FTP server: upload to inbox, download from outbox.")?,
        "OPTS" => session.handle_opts(argument)?,
        _ if session.user.is_none() => session.control.reply(530, "Please log in with USER and PASS.")?,
        _ => execute_authenticated(session, &verb, argument)?,
    }
    Ok(NextAction::ReadCommand)
}

/// Refuses an argument that is not UTF-8 (RFC 2640). Replacing its invalid bytes could map two names to one.
fn reply_not_utf8(session: &mut ClientSession<'_>, verb: &str) -> io::Result<()> {
    match verb {
        "STOR" | "APPE" | "RNTO" if session.user.is_some() => {
            session.control.reply(553, "File name not allowed: not UTF-8.")
        }
        _ if verb.len() > 4 || !verb.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            session.control.reply(502, "Command not implemented.")
        }
        _ => session.control.reply(501, "Syntax error in parameters or arguments: not UTF-8."),
    }
}

fn execute_authenticated(session: &mut ClientSession<'_>, verb: &str, argument: &str) -> io::Result<()> {
    if let Some(command) = FileCommand::parse(verb) {
        return session.handle_file_command(command, verb, argument);
    }
    if let Some(command) = DataCommand::parse(verb) {
        return session.handle_data_command(command, verb, argument);
    }
    match verb {
        "TYPE" | "MODE" | "STRU" => session.handle_transfer_parameters(verb, argument),
        // A transfer that was in progress has ended by now, with a reply of its own.
        "ABOR" => session.control.reply(226, "ABOR command successful."),
        "ALLO" | "ACCT" => session.control.reply(202, "Command not implemented, superfluous at this site."),
        "SITE" => session.handle_site(argument),
        "CCC" => session.control.reply(534, "Policy requires TLS on the control connection."),
        "PORT" | "EPRT" => session.control.reply(502, "Active mode not supported; use EPSV or PASV."),
        _ => session.control.reply(502, "Command not implemented."),
    }
}

/// Splits a line into the command and its argument.
fn split_command(line: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(end);
    (String::from_utf8_lossy(verb), rest.get(1..).unwrap_or_default())
}
