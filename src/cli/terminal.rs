//! Questions to whoever sits at the terminal. They end when the work is to end, and leave the terminal as it was.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr};

use crate::foundation::secret::Secret;

/// The terminal that controls this process, whatever its input and output are.
const TERMINAL: &str = "/dev/tty";

/// How long is waited before anything is looked at again.
const MOMENT: Duration = Duration::from_millis(50);

/// The longest line that terminals hand over, in bytes.
const LONGEST_LINE: usize = 4096;

/// Whether there is somebody to ask.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && File::open(TERMINAL).is_ok()
}

/// Whether what is typed there is for this process, and reading it would not stop it. Of a terminal that is gone nothing is
/// known, and reading tells.
fn is_in_foreground(terminal: &File) -> bool {
    tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
}

/// Opens the terminal and writes a question there. What was typed before is no answer to it.
fn open_prompt(question: &str) -> io::Result<File> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    if !is_in_foreground(&terminal) {
        return Err(io::Error::other("this process is in the background of its terminal"));
    }
    tcflush(&terminal, QueueSelector::IFlush)?;
    (&terminal).write_all(question.as_bytes())?;
    Ok(terminal)
}

/// What is shown next begins a line of its own; in the background, that is for others to say.
fn end_line(mut terminal: &File) {
    if is_in_foreground(terminal) {
        drop(terminal.write_all(b"\n"));
    }
}

/// Asks; the line that is typed.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] when the work is to end before there is one.
pub(super) fn ask(question: &str, goes_on: impl Fn() -> bool) -> io::Result<Secret<String>> {
    let terminal = open_prompt(question)?;
    await_line(&terminal, goes_on, || Ok(())).inspect_err(|_| end_line(&terminal))?;
    line(&terminal)
}

/// The same, and what is typed is not shown.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_secretly(question: &str, goes_on: impl Fn() -> bool) -> io::Result<Secret<String>> {
    let terminal = open_prompt("")?;
    let silence = EchoGuard::begin(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    // Whoever stops this process and goes on with it later has a shell that sets its own modes.
    let line = await_line(&terminal, goes_on, || silence.hold()).and_then(|()| line(&terminal));
    drop(silence);
    // The end of the line was not shown either.
    end_line(&terminal);
    line
}

/// Asks; all that is typed until the end of input, but for the end of its last line.
///
/// # Errors
/// As [`ask`], and [`io::ErrorKind::InvalidData`] for a line that the terminal may have cut.
pub(super) fn ask_for_lines(question: &str, goes_on: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let terminal = open_prompt(question)?;
    let (mut typed, mut line) = (Vec::new(), [0; LONGEST_LINE]);
    loop {
        await_line(&terminal, &goes_on, || Ok(()))?;
        let count = read(&terminal, &mut line)?;
        if count >= LONGEST_LINE - 1 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "terminals cut lines of more than 4,094 bytes"));
        }
        if count == 0 {
            break;
        }
        typed.extend_from_slice(line.get(..count).unwrap_or_default());
    }
    if typed.ends_with(b"\n") {
        typed.pop();
    }
    Ok(typed)
}

/// Reading would go on after a signal, and what is asked for would never be typed; so it begins when there is a line, and is
/// left to others while they are in the foreground.
fn await_line(terminal: &File, goes_on: impl Fn() -> bool, meanwhile: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let moment = Timespec::try_from(MOMENT).map_err(io::Error::other)?;
    while goes_on() {
        let is_ours = is_in_foreground(terminal);
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&moment)) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(0) if is_ours => meanwhile()?,
            Ok(_) if is_ours => return Ok(()),
            Ok(_) => std::thread::sleep(MOMENT),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

fn line(terminal: &File) -> io::Result<Secret<String>> {
    let mut bytes = Secret::new(vec![0; LONGEST_LINE]);
    let count = read(terminal, bytes.expose_mut())?;
    let text = std::str::from_utf8(bytes.expose().get(..count).unwrap_or_default());
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A terminal that does not show what is typed, until this is dropped.
struct EchoGuard<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> EchoGuard<'t> {
    fn begin(terminal: &'t File) -> io::Result<Self> {
        let silence = Self { terminal, before: tcgetattr(terminal)? };
        silence.hold()?;
        Ok(silence)
    }

    fn hold(&self) -> io::Result<()> {
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
        // A terminal that is gone shows nothing, and whoever has it in place of this process has modes of its own.
        if is_in_foreground(self.terminal) {
            let _restored = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }
}
