//! Prompts on the terminal. They can be cancelled, and restore the terminal's modes.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr};

use crate::foundation::secret::Secret;

/// The controlling terminal, even if stdin and stdout are redirected.
const TERMINAL: &str = "/dev/tty";

/// How often a prompt checks for cancellation and for the foreground.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The longest line that a terminal delivers, in bytes.
const MAX_LINE: usize = 4096;

/// Whether there is a terminal on which to ask the user.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && File::open(TERMINAL).is_ok()
}

/// Whether this process is in the terminal's foreground, where reading does not stop it (SIGTTIN). Returns `true` if
/// the terminal is gone: reading then fails.
fn is_in_foreground(terminal: &File) -> bool {
    tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
}

/// Opens the terminal and writes a prompt. Earlier input is discarded: it cannot be an answer.
fn open_prompt(prompt: &str) -> io::Result<File> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    if !is_in_foreground(&terminal) {
        return Err(io::Error::other("this process is in the background of its terminal"));
    }
    tcflush(&terminal, QueueSelector::IFlush)?;
    (&terminal).write_all(prompt.as_bytes())?;
    Ok(terminal)
}

/// Starts a new line, unless another process is in the foreground.
fn end_line(mut terminal: &File) {
    if is_in_foreground(terminal) {
        let _ = terminal.write_all(b"\n");
    }
}

/// Shows a prompt and reads a line. Gives up when `keep_waiting` returns `false`.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] if it gave up; any error of the terminal.
pub(super) fn ask(prompt: &str, keep_waiting: impl Fn() -> bool) -> io::Result<Secret<String>> {
    let terminal = open_prompt(prompt)?;
    wait_for_line(&terminal, keep_waiting, || Ok(())).inspect_err(|_| end_line(&terminal))?;
    read_line(&terminal)
}

/// As [`ask`], without echo.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_secret(prompt: &str, keep_waiting: impl Fn() -> bool) -> io::Result<Secret<String>> {
    let terminal = open_prompt("")?;
    let echo_guard = EchoGuard::new(&terminal)?;
    (&terminal).write_all(prompt.as_bytes())?;
    // If the process is stopped and continued, the shell has set its own modes meanwhile.
    let line = wait_for_line(&terminal, keep_waiting, || echo_guard.disable_echo()).and_then(|()| read_line(&terminal));
    drop(echo_guard);
    // The line break was not echoed either.
    end_line(&terminal);
    line
}

/// Shows a prompt and reads lines until the end of input (Ctrl-D). The last line break is removed.
///
/// # Errors
/// As [`ask`], and [`io::ErrorKind::InvalidData`] for a line that the terminal may have cut.
pub(super) fn ask_for_lines(prompt: &str, keep_waiting: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let terminal = open_prompt(prompt)?;
    let (mut input, mut line) = (Vec::new(), [0; MAX_LINE]);
    loop {
        wait_for_line(&terminal, &keep_waiting, || Ok(()))?;
        let count = read(&terminal, &mut line)?;
        if count >= MAX_LINE - 1 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "terminals cut lines of more than 4,094 bytes"));
        }
        if count == 0 {
            break;
        }
        input.extend(line.iter().take(count));
    }
    if input.ends_with(b"\n") {
        input.pop();
    }
    Ok(input)
}

/// Waits until a line can be read. A read itself could not be cancelled, since it continues after a signal. While
/// another process is in the foreground, input is left to that one. Calls `on_idle` at each interval without input.
fn wait_for_line(
    terminal: &File,
    keep_waiting: impl Fn() -> bool,
    on_idle: impl Fn() -> io::Result<()>,
) -> io::Result<()> {
    let interval = Timespec::try_from(POLL_INTERVAL).map_err(io::Error::other)?;
    while keep_waiting() {
        let is_foreground = is_in_foreground(terminal);
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&interval)) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(0) if is_foreground => on_idle()?,
            Ok(_) if is_foreground => return Ok(()),
            Ok(_) => std::thread::sleep(POLL_INTERVAL),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

fn read_line(terminal: &File) -> io::Result<Secret<String>> {
    let mut bytes = Secret::new(vec![0; MAX_LINE]);
    let count = read(terminal, bytes.expose_mut())?;
    bytes.expose_mut().truncate(count);
    let text = std::str::from_utf8(bytes.expose());
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8"))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Turns echo off until it is dropped.
struct EchoGuard<'t> {
    terminal: &'t File,
    original: Termios,
}

impl<'t> EchoGuard<'t> {
    fn new(terminal: &'t File) -> io::Result<Self> {
        let guard = Self { terminal, original: tcgetattr(terminal)? };
        guard.disable_echo()?;
        Ok(guard)
    }

    fn disable_echo(&self) -> io::Result<()> {
        let mut modes = tcgetattr(self.terminal)?;
        if modes.local_modes.contains(LocalModes::ECHO) {
            modes.local_modes.remove(LocalModes::ECHO);
            tcsetattr(self.terminal, OptionalActions::Now, &modes)?;
        }
        Ok(())
    }
}

impl Drop for EchoGuard<'_> {
    fn drop(&mut self) {
        // Another process in the foreground has set its own modes. If the terminal is gone, restoring fails and need
        // not succeed.
        if is_in_foreground(self.terminal) {
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.original);
        }
    }
}
