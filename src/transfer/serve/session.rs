//! A client's session: reads its commands one by one and runs them (RFC 959, 2228, 2389, 2428, 3659, 4217).

use std::borrow::Cow;
use std::io;

use super::super::deadline::CloseReason;
use super::client::{Client, Next};

/// Commands that a client may send before it logs in; honest clients send fewer.
const MAX_COMMANDS_BEFORE_LOGIN: u32 = 20;

/// Runs commands until one side ends the session. If the server does, its last reply says why.
pub(super) fn run(mut client: Client<'_>) -> io::Result<()> {
    let outcome = command_loop(&mut client);
    if let Some(reason) = client.connection.deadline.close_reason() {
        let text = close_text(&client, reason);
        client.control.close_with(421, text);
    }
    outcome
}

fn close_text(client: &Client<'_>, reason: CloseReason) -> &'static str {
    match (reason, client.user.is_some()) {
        _ if client.shared.is_stopping() => "Server shutting down, closing control connection.",
        (CloseReason::Expired, false) => "Login timeout, closing control connection.",
        (CloseReason::Expired, true) => "Timeout, closing control connection.",
        (CloseReason::Requested, false) => "Too many connections, closing control connection.",
        (CloseReason::Requested, true) => "Another connection continues this upload, closing control connection.",
    }
}

fn command_loop(client: &mut Client<'_>) -> io::Result<()> {
    client.control.reply(220, "hestat FTP server ready.")?;
    let mut commands_before_login = 0;
    // Commands that were received before the connection was closed are not run any more.
    while client.connection.deadline.close_reason().is_none() {
        if client.user.is_some() {
            client.connection.deadline.set_timeout(client.shared.limits.idle);
        }
        let line = match client.control.read_line() {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return client.control.reply(500, "Command line too long.");
            }
            line => line?,
        };
        let Some(line) = line else { return Ok(()) };
        if client.user.is_some() {
            client.connection.deadline.set_timeout(client.shared.limits.transfer);
        } else {
            commands_before_login += 1;
            if commands_before_login > MAX_COMMANDS_BEFORE_LOGIN {
                return client.control.reply(421, "Too many commands without a login, closing control connection.");
            }
        }
        match execute(client, &line)? {
            Next::Command => {}
            Next::StartTls => {
                client.control.secure(&client.shared.tls)?;
                client.secure = true;
            }
            Next::End => return Ok(()),
        }
    }
    Ok(())
}

fn execute(client: &mut Client<'_>, line: &[u8]) -> io::Result<Next> {
    let (verb, argument) = split_command(line);
    let verb = verb.to_ascii_uppercase();
    if verb != "RNTO" {
        client.rename_from = None;
    }
    let Ok(argument) = std::str::from_utf8(argument) else {
        return refuse_bytes(client, &verb).map(|()| Next::Command);
    };
    match verb.as_str() {
        "QUIT" => {
            client.control.reply(221, "Goodbye.")?;
            return Ok(Next::End);
        }
        "AUTH" => return client.auth(argument),
        "USER" => return client.user(argument),
        "PASS" => return client.password(argument),
        "PBSZ" => client.control.reply(200, "PBSZ=0")?,
        "PROT" => client.protection(argument)?,
        "NOOP" => client.control.reply(200, "NOOP command successful.")?,
        "FEAT" => client.features()?,
        "SYST" => client.control.reply(215, "UNIX Type: L8")?,
        "HELP" => client.control.reply(214, "hestat FTP server: upload to inbox, download from outbox.")?,
        "OPTS" => client.options(argument)?,
        _ if client.user.is_none() => client.control.reply(530, "Please log in with USER and PASS.")?,
        _ => execute_authenticated(client, &verb, argument)?,
    }
    Ok(Next::Command)
}

/// Refuses an argument that is not UTF-8 (RFC 2640). Replacing its invalid bytes could map two names to one.
fn refuse_bytes(client: &mut Client<'_>, verb: &str) -> io::Result<()> {
    match verb {
        "STOR" | "APPE" | "RNTO" if client.user.is_some() => {
            client.control.reply(553, "File name not allowed: not UTF-8.")
        }
        _ if verb.len() > 4 || !verb.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            client.control.reply(502, "Command not implemented.")
        }
        _ => client.control.reply(501, "Syntax error in parameters or arguments: not UTF-8."),
    }
}

fn execute_authenticated(client: &mut Client<'_>, verb: &str, argument: &str) -> io::Result<()> {
    match verb {
        "CWD" | "XCWD" | "CDUP" | "XCUP" | "PWD" | "XPWD" | "MKD" | "XMKD" | "RMD" | "XRMD" | "DELE" | "RNFR"
        | "RNTO" | "SIZE" | "MDTM" | "MLST" | "STAT" => client.file_command(verb, argument),
        "PASV" | "EPSV" | "REST" | "STOR" | "APPE" | "RETR" | "LIST" | "NLST" | "MLSD" => {
            client.data_command(verb, argument)
        }
        "TYPE" | "MODE" | "STRU" => client.transfer_parameters(verb, argument),
        // A transfer that was in progress has ended by now, with a reply of its own.
        "ABOR" => client.control.reply(226, "ABOR command successful."),
        "ALLO" | "ACCT" => client.control.reply(202, "Command not implemented, superfluous at this site."),
        "SITE" => client.site(argument),
        "CCC" => client.control.reply(534, "Policy requires TLS on the control connection."),
        "PORT" | "EPRT" => client.control.reply(502, "Active mode not supported; use EPSV or PASV."),
        _ => client.control.reply(502, "Command not implemented."),
    }
}

/// Splits a line into the command and its argument.
fn split_command(line: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(end);
    (String::from_utf8_lossy(verb), rest.get(1..).unwrap_or_default())
}
