//! Commands that run at a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::{Process, wait_until, wrapped};

/// The option of `env` that restores the default effect of a terminal's signals.
pub(crate) const UNIGNORED: &str = "--default-signal=HUP,INT,QUIT";

/// A command whose standard input and error, at least, are a pseudo-terminal.
pub(crate) struct Terminal {
    master: File,
    shown: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    command: Process,
}

impl Terminal {
    /// Starts `command`; its standard output is a pipe.
    pub(crate) fn start(command: &Command) -> Self {
        Self::run(command, |_| Stdio::piped())
    }

    /// Starts `command`; its standard output is the terminal, too.
    pub(crate) fn start_wholly(command: &Command) -> Self {
        Self::run(command, |terminal| terminal.try_clone().unwrap().into())
    }

    fn run(command: &Command, stdout: impl FnOnce(&File) -> Stdio) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        // Prompts use the controlling terminal of the session, whatever standard input is. Its signals must take effect
        // even if the tests run where they are ignored, as in the background of a shell.
        let mut session = wrapped(&["env", UNIGNORED, "setsid", "--ctty"], command);
        session.stdin(slave.try_clone().unwrap()).stdout(stdout(&slave)).stderr(slave);
        let command = Process::new(session.spawn().unwrap());
        // Closes our copies of the terminal, so that reading ends when the command does.
        drop(session);
        let (master, shown) = (File::from(master), Arc::<Mutex<String>>::default());
        let (mut screen, text) = (master.try_clone().unwrap(), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut bytes = [0; 1024];
            // Reading fails when the command has ended.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { master, shown, reader, command }
    }

    /// Waits until the terminal shows this text.
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(text, || self.shown.lock().unwrap().contains(text));
    }

    /// The output of the terminal so far.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Whether typed characters are shown.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.master).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, signal: Signal) {
        self.command.signal(signal);
    }

    /// Types these characters.
    pub(crate) fn type_keys(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the command has ended; returns its exit code and the output of the terminal.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        let code = self.command.end().code;
        self.reader.join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        (code, shown)
    }
}
