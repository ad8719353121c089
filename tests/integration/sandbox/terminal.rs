//! A command at a terminal, and somebody who types.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::{Process, wait_until, wrapped};

/// What `env` takes for the signals of a terminal having their usual effect.
pub(crate) const UNIGNORED: &str = "--default-signal=HUP,INT,QUIT";

/// A command at a terminal: its standard input and error, at least.
pub(crate) struct Terminal {
    master: File,
    shown: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    command: Process,
}

impl Terminal {
    /// Runs `command` there; its standard output is a pipe.
    pub(crate) fn start(command: &Command) -> Self {
        Self::run(command, |_| Stdio::piped())
    }

    /// Runs `command` there, with its standard output as well.
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
        // Questions are asked at the terminal that controls the session, whatever standard input is.
        // And whoever sits there is heard, even if these tests run where such signals are ignored (as in a shell's background).
        let mut session = wrapped(&["env", UNIGNORED, "setsid", "--ctty"], command);
        session.stdin(slave.try_clone().unwrap()).stdout(stdout(&slave)).stderr(slave);
        let command = Process::new(session.spawn().unwrap());
        // What the command holds of the terminal is all that is left of that side.
        drop(session);
        let (master, shown) = (File::from(master), Arc::<Mutex<String>>::default());
        let (mut screen, text) = (master.try_clone().unwrap(), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut bytes = [0; 1024];
            // The end of the command is an error here.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { master, shown, reader, command }
    }

    /// Waits until this is to be read there.
    pub(crate) fn wait_for(&self, words: &str) {
        wait_until(words, || self.shown.lock().unwrap().contains(words));
    }

    /// All that has been shown so far.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Whether what is typed is shown.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.master).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, signal: Signal) {
        self.command.signal(signal);
    }

    /// Types.
    pub(crate) fn type_keys(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end of the command; its exit code, and all that was shown.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        let code = self.command.end().code;
        self.reader.join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        (code, shown)
    }
}
