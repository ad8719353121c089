//! Questions to whoever sits at the terminal. They end when the work is to end, and leave the terminal as it was.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::foundation::observer::Observer;
use crate::foundation::secret::Secret;

/// The terminal that controls this process, whatever its input and output are.
const TERMINAL: &str = "/dev/tty";

/// The longest line that terminals hand over, in bytes.
const LONGEST_LINE: usize = 4096;

/// Whether there is somebody to ask.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && File::open(TERMINAL).is_ok()
}

/// Asks; the line that is typed.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] when the work is to end before there is one.
pub(super) fn ask(question: &str, observer: &dyn Observer) -> io::Result<Secret<String>> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    (&terminal).write_all(question.as_bytes())?;
    typed_line(&terminal, observer, || Ok(()))
}

/// The same, and what is typed is not shown.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_secretly(question: &str, observer: &dyn Observer) -> io::Result<Secret<String>> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    let silence = Silence::begin(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    // Whoever stops this process and goes on with it later has a shell that sets its own modes.
    let line = typed_line(&terminal, observer, || silence.hold());
    drop(silence);
    // The end of the line was not shown either.
    (&terminal).write_all(b"\n")?;
    line
}

/// Asks; all that is typed until the end of input, but for the end of its last line.
///
/// # Errors
/// As [`ask`], and [`io::ErrorKind::InvalidData`] for a line that the terminal may have cut.
pub(super) fn ask_for_lines(question: &str, observer: &dyn Observer) -> io::Result<Vec<u8>> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    (&terminal).write_all(question.as_bytes())?;
    let (mut typed, mut line) = (Vec::new(), [0; LONGEST_LINE]);
    loop {
        await_line(&terminal, observer, || Ok(()))?;
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

fn typed_line(
    terminal: &File,
    observer: &dyn Observer,
    meanwhile: impl Fn() -> io::Result<()>,
) -> io::Result<Secret<String>> {
    await_line(terminal, observer, meanwhile)?;
    line(terminal)
}

/// Reading would go on after a signal, and what is asked for would never be typed; so it begins when there is a line.
fn await_line(terminal: &File, observer: &dyn Observer, meanwhile: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let moment = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    while observer.go_on().is_ok() {
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&moment)) {
            Ok(0) | Err(Errno::INTR) => meanwhile()?,
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
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
struct Silence<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Silence<'t> {
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

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _restored = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
